"""Standard time of countries, in hours after UTC: of countries on several clocks, that of most people."""

from __future__ import annotations

_BY_OFFSET: dict[float, str] = {
    -8: "PN", -6: "US MX GT CR SV HN NI BZ", -5: "CA CO PE EC PA JM CU", -4: "CL VE BO DO PR PY",
    -3: "BR AR UY SR", 0: "GB IE PT IS GH CI SN MA", 1: "DE FR ES IT NL BE AT CH PL CZ SK HU SE NO DK HR RS SI NG DZ "
    "TN AL BA LU MT", 2: "GR RO BG FI EE LV LT UA IL EG ZA LB JO ZM ZW MD CY", 3: "RU TR SA KE QA KW IQ ET BY BH",
    3.5: "IR", 4: "AE OM AZ GE AM MU", 5: "PK UZ KZ MV", 5.5: "IN LK", 5.75: "NP", 6: "BD BT KG", 6.5: "MM",
    7: "TH VN ID KH LA", 8: "CN SG HK TW MY PH MO MN", 9: "JP KR", 10: "AU PG", 12: "NZ FJ",
}  # fmt: skip
UTC_OFFSET: dict[str, float] = {code: hours for hours, codes in _BY_OFFSET.items() for code in codes.split()}
"""From the time zone database, standard time; summer time moves it by one hour, which no check here is about."""

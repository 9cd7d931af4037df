"""The contract between those who write a log and those who read it, in two parts that import nothing of the project.

This one says what a log is: field names, types, units, allowed values and meaning of a conforming gateway log, as data.
`analysis.contract.files` says whose files are. Simulator and analysis write into the same folder, a run with its
results, and each replaces only what is ours: hence one list of our files in it, one rule of which manifest is ours, and
one way to lock and to replace.

Three tables: `generations` (the log itself, one row a request and its response), `labels` (what a content classifier
said about a sample of the requests) and `models` (the public catalogue).

A writer uses `arrow_schema`; a reader may meet any integer width, any floating width, any timestamp with a time zone
and dictionary-encoded strings, which all conform (see `Field.family`).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Literal, get_args

import pyarrow as pa

CONTRACT_VERSION = "1.0"

Table = Literal["generations", "labels", "models"]
TABLES: tuple[Table, ...] = ("generations", "labels", "models")

# Hive partition key of the generations and labels folders: the UTC Monday of created_at's week, as YYYY-MM-DD.
PARTITION_KEY = "week"

Category = Literal[
    "programming", "roleplay", "marketing", "marketing/seo", "technology", "science",
    "translation", "legal", "finance", "health", "trivia", "academia",
]  # fmt: skip
CATEGORIES: tuple[Category, ...] = get_args(Category)
Continent = Literal["North America", "Europe", "Asia", "South America", "Oceania", "Africa"]
CONTINENTS: tuple[Continent, ...] = get_args(Continent)
FINISH_REASONS = ("stop", "length", "tool_calls", "content_filter", "error")
VARIANTS = ("standard", "free", "extended", "thinking", "online", "nitro", "floor", "exacto", "beta")
ORIGINS = ("CN", "RoW")
SIZE_CLASSES = ("small", "medium", "large")
REASONING_MODES = ("none", "hybrid", "always")
TOOLS_RECORDED_FROM = (
    "2025-09-01"  # the report (section 4.2): "tools offered" is recorded since September 2025
)

Family = Literal["string", "integer", "float", "boolean", "timestamp", "date", "list"]


@dataclass(frozen=True)
class Field:
    """One column of a table of the contract."""

    name: str
    type: str  # Arrow type as written, in the notation of `_ARROW_TYPES`
    meaning: str
    source: str  # where the name and the convention come from
    unit: str | None = None
    nullable: bool = True
    required: bool = False  # a log without this column is not a log
    allowed: tuple[str, ...] | None = None  # the only values that conform
    known: tuple[str, ...] | None = None  # usual values of an open set: others are noted, not wrong

    @property
    def arrow_type(self) -> pa.DataType:
        """The Arrow type that a writer uses."""
        return _ARROW_TYPES[self.type]

    @property
    def family(self) -> Family:
        """The kind of type that conforms: any width and any encoding of it is accepted by readers."""
        return _family(self.arrow_type)


_UTC_MS = pa.timestamp("ms", tz="UTC")
_ARROW_TYPES: dict[str, pa.DataType] = {
    "string": pa.string(),
    "int32": pa.int32(),
    "int64": pa.int64(),
    "float32": pa.float32(),
    "float64": pa.float64(),
    "bool": pa.bool_(),
    "date32": pa.date32(),
    "timestamp[ms, tz=UTC]": _UTC_MS,
    "list<price>": pa.list_(
        pa.struct(
            [
                pa.field("from", pa.date32(), nullable=False),
                pa.field("prompt_usd_per_mtok", pa.float64(), nullable=False),
                pa.field("completion_usd_per_mtok", pa.float64(), nullable=False),
                pa.field("cached_usd_per_mtok", pa.float64()),
            ]
        )
    ),
    "list<free_window>": pa.list_(
        pa.struct(
            [
                pa.field("from", pa.date32(), nullable=False),
                pa.field("to", pa.date32()),
                pa.field("kind", pa.string()),
            ]
        )
    ),
}


def _family(kind: pa.DataType) -> Family:
    if pa.types.is_integer(kind):
        return "integer"
    if pa.types.is_floating(kind):
        return "float"
    if pa.types.is_boolean(kind):
        return "boolean"
    if pa.types.is_timestamp(kind):
        return "timestamp"
    if pa.types.is_date(kind):
        return "date"
    if pa.types.is_list(kind):
        return "list"
    return "string"


_CSV = "OpenRouter activity export (CSV)"
_API = "OpenRouter GET /generation"
_MODELS_API = "OpenRouter GET /models"
_REPORT = "State of AI report, section 2"

GENERATIONS: tuple[Field, ...] = (
    Field("generation_id", "string", "Identifier of the request and its response; unique in the log.",
          f"{_CSV}: generation_id", nullable=False, required=True),
    Field("created_at", "timestamp[ms, tz=UTC]", "When the request arrived. The export has no zone and means UTC; "
          "a conforming log states the zone.", f"{_CSV}: created_at", unit="UTC, milliseconds",
          nullable=False, required=True),
    Field("user_id", "string", "Opaque id of the end user; retention counts these. An export of one account often "
          "leaves `user` empty: fall back to the key's name.", f"{_CSV}: user; OTel user.id",
          nullable=False, required=True),
    Field("account_id", "string", "Opaque id of the paying account or key; one account may hold many users.",
          f"{_CSV}: api_key_name; {_API}: workspace_id"),
    Field("app_name", "string", "Name of the calling application, if it names itself.", f"{_CSV}: app_name"),
    Field("model", "string", "Listed model as author/slug, without the variant suffix and without a date.",
          f"{_API}: model", nullable=False, required=True),
    Field("model_permaslug", "string", "Dated slug of the model version that answered.", f"{_CSV}: model_permaslug"),
    Field("variant", "string", "Routing variant of the model. `free` costs nothing.", f"{_CSV}: variant",
          known=VARIANTS),
    Field("provider_name", "string", "Company that served the request.", f"{_CSV}: provider_name"),
    Field("tokens_prompt", "int32", "Input tokens, cached ones included. Sources that leave cached tokens out "
          "(Anthropic native, Langfuse input) must add them.", f"{_CSV}: tokens_prompt", unit="tokens",
          nullable=False, required=True),
    Field("tokens_completion", "int32", "Output tokens, reasoning included.", f"{_CSV}: tokens_completion",
          unit="tokens", nullable=False, required=True),
    Field("tokens_reasoning", "int32", "Reasoning tokens; a part of tokens_completion.", f"{_CSV}: tokens_reasoning",
          unit="tokens"),
    Field("tokens_cached", "int32", "Prompt tokens read from a cache; a part of tokens_prompt.",
          f"{_CSV}: tokens_cached", unit="tokens"),
    Field("cost_total", "float64", "What the account was charged. With the customer's own key (byok) it is only the "
          "gateway's fee; cancelled requests may cost 0.", f"{_CSV}: cost_total", unit="USD",
          nullable=False, required=True),
    Field("byok", "bool", "Paid with the customer's own provider key.", f"{_CSV}: byok_usage_inference > 0; "
          f"{_API}: is_byok"),
    Field("finish_reason", "string", "Normalised reason why the response ended.", f"{_CSV}: finish_reason_normalized",
          allowed=FINISH_REASONS),
    Field("tools_offered", "bool", f"The request offered tools. Null = not recorded (recorded from "
          f"{TOOLS_RECORDED_FROM}); never false for unknown.", _REPORT),
    Field("tool_called", "bool", "The response ended in a tool call: finish_reason = tool_calls.", _REPORT),
    Field("streamed", "bool", "The response was streamed.", f"{_CSV}: streamed"),
    Field("cancelled", "bool", "The caller broke off the response.", f"{_CSV}: cancelled"),
    Field("time_to_first_token_ms", "int32", "From the request to its first output token.",
          f"{_CSV}: time_to_first_token_ms", unit="milliseconds"),
    Field("generation_time_ms", "int32", "From the request to the end of its response.",
          f"{_CSV}: generation_time_ms", unit="milliseconds"),
    Field("country", "string", "Billing country of the account, ISO 3166-1 alpha-2.", _REPORT),
    Field("continent", "string", "Continent of the billing country.", _REPORT, allowed=CONTINENTS),
    Field("language", "string", "Detected language of the prompt, BCP 47 (en, zh-Hans, ru, es, th, ...).", _REPORT),
    Field("session_id", "string", "Identifier of the conversation or run that the request belongs to.",
          f"{_API}: session_id; OTel gen_ai.conversation.id"),
)  # fmt: skip

LABELS: tuple[Field, ...] = (
    Field("generation_id", "string", "The labelled request. One request may carry several labels.", f"{_CSV}: "
          "generation_id", nullable=False, required=True),
    Field("path", "string", "Content category as a path, such as /Computers & Electronics/Programming.",
          "Google Cloud Natural Language classifyText, content categories V2", nullable=False, required=True),
    Field("confidence", "float32", "The classifier's confidence. The report keeps labels at 0.5 or more.",
          "Google Cloud Natural Language classifyText", unit="0 to 1", nullable=False, required=True),
)  # fmt: skip

MODELS: tuple[Field, ...] = (
    Field("model", "string", "Listed model as author/slug, as in the log.", f"{_MODELS_API}: id",
          nullable=False, required=True),
    Field("name", "string", "Name for people.", f"{_MODELS_API}: name", nullable=False),
    Field("author", "string", "Author's slug: the part of `model` before the slash.", f"{_MODELS_API}: id",
          nullable=False, required=True),
    Field("released", "date32", "Day on which the gateway first listed the model.", f"{_MODELS_API}: created",
          unit="UTC day", nullable=False, required=True),
    Field("open_weights", "bool", "The weights can be downloaded (the report's OSS).", _REPORT,
          nullable=False, required=True),
    Field("origin", "string", "Primary place of development: CN = mainland China, Taiwan, Hong Kong.", _REPORT,
          nullable=False, required=True, allowed=ORIGINS),
    Field("developer_country", "string", "Country of the developer, ISO 3166-1 alpha-2.", _REPORT),
    Field("params_total_b", "float64", "Total parameters, not active ones; null = not published.", _REPORT,
          unit="billions"),
    Field("size_class", "string", "Open models only: small < 15 B, medium 15 to 70 B, large from 70 B.", _REPORT,
          allowed=SIZE_CLASSES),
    Field("reasoning", "string", "Reasons before it answers: never, on request, or always.", f"{_MODELS_API}: "
          "supported_parameters", nullable=False, allowed=REASONING_MODES),
    Field("reasoning_optimised", "bool", "Flagged as a reasoning-optimised model; all its tokens count as such.",
          "State of AI report, figure 10 (its flag list is not published)", nullable=False),
    Field("tools", "bool", "Can call tools.", f"{_MODELS_API}: supported_parameters", nullable=False),
    Field("context_tokens", "int64", "Length of the context window.", f"{_MODELS_API}: context_length",
          unit="tokens"),
    Field("model_permaslug", "string", "Dated slug of the version.", f"{_MODELS_API}: canonical_slug"),
    Field("retired", "date32", "Day on which the gateway stopped to serve it.", f"{_MODELS_API}: expiration_date",
          unit="UTC day"),
    Field("successor", "string", "Model to which the gateway moved its users on retirement.", "gateway's notices"),
    Field("prices", "list<price>", "Price path: each price holds from its day on.", f"{_MODELS_API}: pricing",
          unit="USD per million tokens"),
    Field("free_windows", "list<free_window>", "Periods in which the model was free of charge.", "gateway's notices",
          unit="UTC days"),
)  # fmt: skip

FIELDS: dict[Table, tuple[Field, ...]] = {"generations": GENERATIONS, "labels": LABELS, "models": MODELS}
TITLES: dict[Table, str] = {
    "generations": f"generations: one row a request and its response  (log/{PARTITION_KEY}=YYYY-MM-DD/*.parquet)",
    "labels": f"labels: what the content classifier said of a sample  (labels/{PARTITION_KEY}=YYYY-MM-DD/*.parquet)",
    "models": "models: the public catalogue, one row a model  (models.parquet)",
}


def fields(table: Table) -> dict[str, Field]:
    """Fields of a table by name, in the order in which they are written."""
    return {field.name: field for field in FIELDS[table]}


def arrow_schema(table: Table) -> pa.Schema:
    """The Arrow schema that a writer of `table` uses, without the partition key."""
    return pa.schema([pa.field(f.name, f.arrow_type, nullable=f.nullable) for f in FIELDS[table]])


def describe() -> list[dict[str, Any]]:
    """The contract as plain records, one a field: table, name, type, unit, nullable, required, allowed, known, meaning,
    source."""
    return [
        {
            "table": table,
            "name": f.name,
            "type": f.type,
            "unit": f.unit,
            "nullable": f.nullable,
            "required": f.required,
            "allowed": list(f.allowed) if f.allowed else None,
            "known": list(f.known) if f.known else None,
            "meaning": f.meaning,
            "source": f.source,
        }
        for table in TABLES
        for f in FIELDS[table]
    ]


_JSON_TYPES: dict[Family, dict[str, Any]] = {
    "string": {"type": "string"},
    "integer": {"type": "integer"},
    "float": {"type": "number"},
    "boolean": {"type": "boolean"},
    "timestamp": {"type": "string", "format": "date-time"},
    "date": {"type": "string", "format": "date"},
    "list": {"type": "array", "items": {"type": "object"}},
}


def as_json_schema_like() -> dict[str, Any]:
    """The contract in the vocabulary of JSON Schema: one object schema a table, with the Arrow type, the unit and the
    source as extra keys. For readers of the schema; the log itself is Parquet."""
    tables: dict[str, Any] = {}
    for table in TABLES:
        properties: dict[str, Any] = {}
        for f in FIELDS[table]:
            entry: dict[str, Any] = dict(_JSON_TYPES[f.family])
            if f.nullable:
                entry["type"] = [entry["type"], "null"]
            if f.allowed:
                entry["enum"] = [*f.allowed, None] if f.nullable else list(f.allowed)
            if f.known:
                entry["examples"] = list(f.known)
            entry |= {"description": f.meaning, "arrow": f.type, "source": f.source}
            if f.unit:
                entry["unit"] = f.unit
            properties[f.name] = entry
        tables[table] = {
            "type": "object",
            "description": TITLES[table],
            "properties": properties,
            "required": [f.name for f in FIELDS[table] if f.required],
        }
    return {"contract_version": CONTRACT_VERSION, "partition_key": PARTITION_KEY, "tables": tables}


def to_text() -> str:
    """The contract as text for people: a list of fields a table."""
    lines = [f"Log contract, version {CONTRACT_VERSION}", ""]
    for table in TABLES:
        lines += _plain_table(table)
    return "\n".join(lines).rstrip() + "\n"


def _values(f: Field) -> str:
    if f.allowed:
        return "one of " + ", ".join(f.allowed)
    if f.known:
        return "such as " + ", ".join(f.known)
    return ""


def _plain_table(table: Table) -> list[str]:
    lines = [TITLES[table], "(! = never null, * = column required)"]
    for f in FIELDS[table]:
        marks = ("!" if not f.nullable else "") + ("*" if f.required else "")
        unit = f" [{f.unit}]" if f.unit else ""
        lines.append(f"  {f.name + marks:<26} {f.type}{unit}")
        lines += [f"      {text}" for text in (f.meaning, _values(f), f"Source: {f.source}") if text]
    return [*lines, ""]


# ISO 3166-1 alpha-2 codes by continent. Left out on purpose, since sources disagree: RU, TR, CY, GE, AM, AZ, KZ, EG.
_COUNTRIES: dict[str, str] = {
    "North America": "US CA MX GT BZ HN SV NI CR PA CU DO HT JM PR BS BB TT GD LC VC AG DM KN BM KY VG VI AW CW GL "
    "MQ GP TC AI MS SX BQ",
    "Europe": "AL AD AT BY BE BA BG HR CZ DK EE FI FR DE GR HU IS IE IT LV LI LT LU MT MD MC ME NL MK NO PL PT RO SM "
    "RS SK SI ES SE CH UA GB VA XK FO GI GG JE IM AX",
    "Asia": "CN TW HK MO JP KR KP MN IN PK BD LK NP BT MV AF IR IQ SY LB IL PS JO SA AE QA BH KW OM YE SG MY ID TH VN "
    "PH KH LA MM BN TL UZ TM TJ KG",
    "South America": "BR AR CL CO PE VE EC BO PY UY GY SR GF FK",
    "Oceania": "AU NZ FJ PG SB VU WS TO KI TV NR FM MH PW NC PF GU AS MP CK",
    "Africa": "ZA NG KE GH MA DZ TN LY ET TZ UG RW BI SN CI CM CD CG GA AO ZM ZW MZ MW BW NA LS SZ MG MU SC KM SO DJ "
    "ER SD SS TD CF NE ML BF BJ TG GN GW SL LR GM MR CV ST GQ RE",
}
CONTINENT_OF: dict[str, str] = {code: name for name, codes in _COUNTRIES.items() for code in codes.split()}

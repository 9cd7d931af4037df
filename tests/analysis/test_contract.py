"""The contract as data: schemas, description, continents."""

from __future__ import annotations

import subprocess
import sys

import pyarrow as pa

from analysis import contract

CANONICAL = (
    "generation_id, created_at, user_id, account_id, app_name, model, model_permaslug, variant, provider_name, "
    "tokens_prompt, tokens_completion, tokens_reasoning, tokens_cached, cost_total, byok, finish_reason, "
    "tools_offered, tool_called, streamed, cancelled, time_to_first_token_ms, generation_time_ms, country, "
    "continent, language, session_id"
)


def test_names_and_order_are_the_canonical_ones():
    assert ", ".join(contract.arrow_schema("generations").names) == CANONICAL
    assert contract.arrow_schema("labels").names == ["generation_id", "path", "confidence"]


def test_schemas_state_types_and_nulls():
    schema = contract.arrow_schema("generations")
    assert schema.field("created_at").type == pa.timestamp("ms", tz="UTC")
    assert schema.field("tokens_prompt").type == pa.int32()
    assert not schema.field("cost_total").nullable
    assert schema.field("tools_offered").nullable
    price = contract.arrow_schema("models").field("prices").type.value_type
    assert [field.name for field in price] == [
        "from", "prompt_usd_per_mtok", "completion_usd_per_mtok", "cached_usd_per_mtok",
    ]  # fmt: skip


def test_the_descriptions_name_every_field():
    records = contract.describe()
    assert len(records) == sum(len(fields) for fields in contract.FIELDS.values())
    schema = contract.as_json_schema_like()
    for record in records:
        assert record["meaning"]
        assert record["source"]
        entry = schema["tables"][record["table"]]["properties"][record["name"]]
        assert ("null" in entry["type"]) == record["nullable"]
        assert record["name"] in contract.to_text()
        assert record["meaning"] in contract.to_text()
    assert schema["tables"]["generations"]["properties"]["finish_reason"]["enum"][-1] is None


def test_continents_of_countries():
    assert set(contract.CONTINENT_OF.values()) == set(contract.CONTINENTS)
    some = {
        "US": "North America",
        "SG": "Asia",
        "DE": "Europe",
        "BR": "South America",
        "AU": "Oceania",
        "NG": "Africa",
    }
    assert {code: contract.CONTINENT_OF[code] for code in some} == some
    codes = [code for text in contract._COUNTRIES.values() for code in text.split()]
    assert len(codes) == len(set(codes))
    assert all(len(code) == 2 and code.isupper() for code in codes)


def test_importing_the_contract_loads_no_engine():
    code = (
        "import sys, analysis.contract; "
        "print([m for m in ('ibis', 'duckdb', 'pandas', 'matplotlib', 'sim') if m in sys.modules])"
    )
    out = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert out.stdout.strip() == "[]"

"""What to do about a finding, in a line for a person with a real log: by the name of the check."""

from __future__ import annotations

from collections.abc import Mapping

REMEDIES: Mapping[str, str] = {
    # who sent the requests
    "one user": (
        "If one person sent them all, leave out retention and verdicts. Else take user_id from a column that "
        "tells people apart (a mapping's user_id: [end_user, member]), or join it from your own tables before "
        "the import."
    ),
    "placeholder users": (
        "Make nobody of them: values: {unknown: ~} in a mapping, with a second column where they are (column: "
        "[user, key]); or leave such rows out of the export."
    ),
    "sessions as users": (
        "Map the session to session_id, and user_id to an id that stays the same from day to day: the "
        "customer, or the key."
    ),
    "keys as users": (
        "Use it if a key is one person's. If many share a key, take the end user that applications send, and "
        "map the key to account_id."
    ),
    "one user's share": (
        "Find out who it is: a batch job, a test, a reseller. Read shares and costs with and without it; of "
        "launch cohorts, a robustness check leaves always-on accounts out."
    ),
    "users of several countries": (
        "Ask whether a key is shared there, or a proxy sends for others. Take the end user in its place; a "
        "few travellers do no harm."
    ),
    "ids reset": (
        "Look only at one side of the date (--from, --to), or translate the old ids into the new ones before "
        "the import. Cohorts across that date are wrong."
    ),
    # costs and counts
    "no cost": (
        "Leave costs out of the mapping and import again with --list-prices, which computes them from the "
        "price list; or export them, too. All that is not about money can be used as it is."
    ),
    "unit of costs": (
        "Import again with the unit stated (cost_total: {column: charge, unit: cents}), or divide the column. "
        "If contracts are that much cheaper, go on with --anyway."
    ),
    "charged over list": (
        "Compare one bill with the list: a surcharge, a longer context's price, or a model whose price "
        "changed. Prices of your own go into the models table (--models FILE)."
    ),
    "prompts beyond the context": (
        "See whether the column counts characters or bytes; divide, or map the right one. A few rows of one "
        "model: its context in the models table is out of date."
    ),
    "cached tokens added twice": "Import again with cached: inside, since the prompt holds them already.",
    "reasoning tokens added twice": (
        "Import again with reasoning: inside, since the completion holds them already."
    ),
    "no sum of cached tokens": (
        "If your gateway has a column for them, map it to tokens_cached. If it has none, leave tokens_cached "
        "out: then costs say that it is not known, and not that it is 0."
    ),
    # clocks and days
    "clocks of countries": (
        "See whether country is that of the account or of the caller, and whether one region's server logs "
        "its own local time: import its files by themselves with their zone (zone: Asia/Tokyo)."
    ),
    "local times": (
        "Import again with the zone of the writer (created_at: {column: at, zone: Europe/Berlin}); if each "
        "row is in its user's local time, export UTC."
    ),
    "clocks of providers": (
        "Take the moment from the gateway's own clock, not from the provider's answer. One provider whose "
        "users live elsewhere is no fault."
    ),
    "cut inside a day": "End the analysis a day before (--to), or export the rest of the day.",
    "days without a hole": (
        "Export these days again. If they are lost, leave them: rates and cohorts take them as not known. If "
        "nobody used the gateway then, nothing is to be done."
    ),
    "apart from the rest": (
        "Look at these rows: test data, or a wrong clock. Leave them out, or cut the log to the rest (--from, "
        "--to)."
    ),
    "plausible date": (
        "Mend the unit of the moment (seconds or milliseconds since 1970: unit: in a mapping), or leave the "
        "rows out."
    ),
    "in its week's folder": (
        "Write the folders by the UTC Monday of created_at, or put all files into one folder."
    ),
    # values
    "missing values": (
        "See whether they are of one kind of request (a failure, another endpoint). If so, read the exhibits "
        "of that column as being about the others; else export them again."
    ),
    "columns that come and go": (
        "Compare only weeks in which the column is filled (--from, --to): a jump at that date is the "
        "gateway's update, not the market's."
    ),
    "country codes": (
        "Translate names into codes of two letters (values: {Germany: DE} in a mapping), or leave the column "
        "out."
    ),
    "several names of a version": (
        "Import the gateway's own export: slipper import resolves known aliases. Else rename them to one id; "
        "for launches, slipper verdict --alias FILE merges earlier ids."
    ),
    "repeated requests": (
        "Ask whether clients send again after a timeout, or two proxies log the same request. Copies that "
        "were not billed can be left out; repeats that were are real use."
    ),
    # the contract
    "unique": (
        "Keep one row of each: SELECT DISTINCT, or export files whose days do not overlap. slipper import "
        "does it."
    ),
    "one request an id": (
        "Nothing, unless you have labels: make the id unique (provider and id together), so that labels find "
        "their request."
    ),
    "not null": "Leave such rows out, or find the value: slipper import lists them with their place.",
    "not blank": (
        "Leave rows without a user out, or map another column where it is empty: user_id: [end_user, key]."
    ),
    "not empty": "Look at the export's dates and filters: it has the columns and no row.",
    "not negative": "Leave out corrections and refunds, or add each to the request that it is about.",
    "finite": "Write an empty value where a division failed; then look at the program that wrote it.",
    "at most 1": "Divide by 100 if they are percentages.",
    "allowed values": (
        "Translate the words (values: in a mapping; slipper schema log lists what is allowed), or leave them "
        "empty."
    ),
    "usual values": "Nothing, if the word is right: it is counted as it stands.",
    "part of prompt": (
        "Add cached tokens to the prompt: a mapping with cached: outside does it (slipper import guess LOG)."
    ),
    "part of completion": (
        "Add reasoning tokens to the completion: a mapping with reasoning: outside does it (slipper import "
        "guess LOG)."
    ),
    "agrees with finish_reason": "Leave tool_called out: it follows from finish_reason.",
    "called tools were offered": (
        "See whether tools_offered leaves built-in tools out; if so, leave the column empty."
    ),
    "first token before the end": "See whether one of the two is in seconds. Only latencies are touched.",
    "free costs nothing": "Look at these rows: the variant, or the cost, is another request's.",
    "author/slug": (
        "Map bare names to listed ids: slipper import does it for known models, --models FILE adds others."
    ),
    "no variant suffix": "Split model at the colon, and put the rest into variant: slipper import does it.",
    "continent of country": "Leave continent out: it follows from country.",
    "model is known": (
        "Give facts of these models with --models FILE (slipper schema log), or leave them `unknown`: they "
        "count in totals, and in no kind of model."
    ),
    "released before its first requests": (
        "Correct the release date in the models table to the day on which your gateway first listed the "
        "model."
    ),
    "has its generation": "Export labels and requests of the same days, or leave the orphans out.",
    "path form": "Write paths of the taxonomy as they are listed, such as /Games/Roleplaying Games.",
    "column present": "Map the column, or make it empty; slipper schema log says what each is for.",
    "column type": "Cast the column, or have slipper import read the file: it writes the contract's types.",
    "each file conforms": "Write the named files again like the others, or import all of them together.",
    "all files are read": "Rename what belongs to the log to *.parquet; move the rest elsewhere.",
    "conforms": (
        "Nothing, if the table is about something else. Else mend it, or name the right one (--models, "
        "--labels)."
    ),
    "optional columns": "Nothing, unless you need an exhibit that says it is not available.",
}

# question: retention_triangle
# model: author/slug
import duckdb


def triangle(generations: duckdb.DuckDBPyRelation) -> duckdb.DuckDBPyRelation:
    g = generations.filter("model = 'author/slug' AND coalesce(variant, 'standard') = 'standard'")
    end = g.aggregate("date_trunc('month', (max(created_at) AT TIME ZONE 'UTC')::DATE + 1)::DATE AS open_month")
    months = g.project(
        "coalesce(nullif(user_id, ''), account_id) AS who, date_trunc('month', created_at AT TIME ZONE 'UTC')::DATE AS month"
    ).filter("who IS NOT NULL").distinct()
    cohorts = months.aggregate("who, min(month) AS cohort", "who")
    sizes = cohorts.aggregate("cohort, count(*) AS users", "cohort")
    return duckdb_grid(months, cohorts, sizes, end)


def duckdb_grid(m, c, s, e):
    cells = m.set_alias("m").join(c.set_alias("c"), "who").aggregate("cohort, date_diff('month', cohort, month) AS k, count(*) AS active", "cohort, k")
    grid = s.set_alias("s").join(e.set_alias("e"), condition="true").project(
        "cohort, users, unnest(generate_series(0, date_diff('month', cohort, open_month) - 1)) AS k"
    )
    joined = grid.set_alias("g").join(cells.set_alias("a"), condition="g.cohort = a.cohort AND g.k = a.k", how="left")
    return joined.project(
        "g.cohort AS cohort, g.k AS k, g.users AS users, coalesce(a.active, 0) AS active, coalesce(a.active, 0) / g.users AS retention"
    )

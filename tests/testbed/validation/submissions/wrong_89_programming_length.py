# question: programming_length
import pandas as pd


def main(generations, labels, taxonomy):
    known = dict(zip(taxonomy["path"], taxonomy["category"]))

    def topic(path):
        parts = path.split("/")
        for n in range(len(parts), 1, -1):
            if "/".join(parts[:n]) in known:
                return known["/".join(parts[:n])]
        return "other"

    generations["week"] = generations["created_at"].dt.tz_convert("UTC").dt.tz_localize(None).dt.to_period("W").dt.start_time
    generations["length"] = generations["tokens_prompt"] + generations["tokens_completion"]
    both = generations.merge(labels, on="generation_id")
    coding = both[both["path"].map(topic) == "programming"].groupby("week")["length"].mean()
    everything = generations.groupby("week")["length"].mean()
    out = pd.concat({"mean_programming": coding, "mean_all": everything}, axis=1).dropna()
    out["ratio"] = out["mean_programming"] / out["mean_all"]
    return out.reset_index(names="week")

"""What is asked of a log, one file a topic: tables, in the engine that holds the log."""

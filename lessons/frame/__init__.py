"""The frame of the lessons: a lesson's record, its world played in memory, and the parts of its notebook."""

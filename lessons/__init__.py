"""Teaching retention: lessons, a laboratory, exercises with a grader."""

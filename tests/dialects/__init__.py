"""What other engines would make of the project's SQL: on paper for three, in plans for Spark."""

"""The figures of every mart, kept beside the code."""

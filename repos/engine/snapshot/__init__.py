"""The one immutable file that holds a commit's sources, postings and graph."""

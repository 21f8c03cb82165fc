"""The verbs of the flow: receive, settle, deliver, sweep."""

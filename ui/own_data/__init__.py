"""Own data under the workspace bar: files or a hub data set become a task."""

"""Starting one instance and keeping it alive: folders, secrets, the supervisor, and what may never go down with it."""

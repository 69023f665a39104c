"""Where the data is: `postgres` (fetch -> SQL -> rows). Each is a `hub.model.source.Source`."""

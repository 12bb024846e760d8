"""What the assistant can look up or prepare: typed questions to the pipeline. None of them writes anything."""

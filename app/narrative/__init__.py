"""Facts worth telling, each with its evidence, and the words for them. No model here."""

"""Many customers at once: who gets what under a budget, what it should bring, and how it will be measured."""

"""The policy gate: rules in code that hold after every model, every past campaign and every operator's draft.

Each rule is one function, and its parameters are all that it may read: no rule about offers sees the customer, so no
offer can depend on device, loyalty, spending power or place. A rule that changes something says so. `policy.py` is
the file that the rules read, `final.py` the last look at a whole strategy.
"""

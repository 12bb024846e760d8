"""Why a customer's expected value is what it is, worded: drivers, risks, advice, and a bounded lean."""

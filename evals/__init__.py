"""Offline evaluation of the product: `python -m evals list | run TASK | compare A B | bench NAME...`.

Evals import the app; the app never imports evals.
"""

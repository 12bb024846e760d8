"""Answers made by code, one composer for each intent; words come from app/assistant/wording."""

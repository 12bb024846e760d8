"""Making models of our own: a tokenizer, a small Qwen3, the folder that vLLM serves. Runs in .venv-vllm."""

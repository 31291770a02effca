#!/usr/bin/python3
"""read-encrypted.py HOST PORT MESSAGE-ID CA-FILE: reads an article's body over TLS, whose certificate is verified as
strictly as Python can, against the CA file or, without one, what the system trusts. Dies of the first surprise."""
import socket
import ssl
import sys

host, port, article, trusted = sys.argv[1], int(sys.argv[2]), sys.argv[3], sys.argv[4]
context = ssl.create_default_context(cafile=trusted or None)
context.verify_flags |= ssl.VERIFY_X509_STRICT
with socket.create_connection(("127.0.0.1", port), timeout=30) as plain:
    with context.wrap_socket(plain, server_hostname=host) as news:
        lines = news.makefile("rwb")
        assert lines.readline().startswith(b"20"), "no greeting"
        lines.write(f"BODY {article}\r\n".encode())
        lines.flush()
        status = lines.readline()
        assert status.startswith(b"222"), status
        size = 0
        while (line := lines.readline()) != b".\r\n":
            assert line.endswith(b"\r\n"), line
            size += len(line)
        lines.write(b"QUIT\r\n")
        lines.flush()
        assert lines.readline().startswith(b"205"), "no goodbye"
        # The end is a close_notify: anything else is an error here.
        assert lines.read() == b"", "more than was asked for"
print(f"read {size + 3} bytes")

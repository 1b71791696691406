"""A TCP server on loopback that does as told with each connection."""

import socket
import threading


class Listener:
    """treat is called with every connection, each in a thread of its own. All end with the listener."""

    def __init__(self, treat):
        self.socket = socket.create_server(("127.0.0.1", 0))
        self.port = self.socket.getsockname()[1]
        self.treat, self.kept = treat, []
        threading.Thread(target=self._accept, daemon=True).start()

    def _accept(self):
        while True:
            try:
                client, _ = self.socket.accept()
            except OSError:
                return
            self.kept.append(client)
            threading.Thread(target=self.treat, args=(client,), daemon=True).start()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.socket.close()
        for client in self.kept:
            client.close()

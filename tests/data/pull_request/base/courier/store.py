"""Messages on disk."""

import hashlib
import json


def to_json(message):
    fields = {"to": message.to, "text": message.text}
    return json.dumps(fields, sort_keys=True)


def write_message(file, message):
    file.write(to_json(message))
    file.write("\n")


def compute_checksum(path):
    digest = hashlib.sha256()
    with open(path, "rb") as file:
        while True:
            block = file.read(65536)
            if not block:
                break
            digest.update(block)
    return digest.hexdigest()

"""What the first release did."""


def parse_message(line):
    to, _, text = line.partition(":")
    return to.strip(), text.strip()


def read_messages(file):
    return [parse_message(line) for line in file]


class Spool:
    def __len__(self):
        return len(self.files)

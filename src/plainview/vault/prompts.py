"""What an age plug-in (a hardware key) wants to tell or to ask, on the terminal."""

import getpass
import sys


class Prompts:
    """Answers a plug-in's questions. The names are those that pyrage calls."""

    def display_message(self, message: str) -> None:
        """Show it, as 'touch your key'."""
        sys.stderr.write(f"{_plain(message)}\n")

    def confirm(self, message: str, yes_string: str, no_string: str | None) -> bool | None:
        """Whether a person says yes."""
        sys.stderr.write(f"{_plain(message)} [{_plain(yes_string)}/{_plain(no_string or 'no')}] ")
        return sys.stdin.readline().strip().lower() in {"y", "yes", yes_string.lower()}

    def request_public_string(self, description: str) -> str | None:
        """What a person types, shown."""
        sys.stderr.write(f"{_plain(description)}: ")
        return sys.stdin.readline().strip() or None

    def request_passphrase(self, description: str) -> str | None:
        """What a person types, not shown."""
        return getpass.getpass(f"{_plain(description)}: ", sys.stderr) or None


def _plain(text: str) -> str:
    return "".join(sign if sign.isprintable() else "?" for sign in text)

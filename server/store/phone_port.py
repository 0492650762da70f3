"""What the server asks of a database about phones: a part of the port."""

from typing import Protocol

from server.store.phone_values import Phone, PhoneFile, PhonePlace, Submission


class Phones(Protocol):
    """Phones, what they sent to the letter, and its files."""

    def add_phone(self, phone: Phone, token_hash: str) -> None:
        """Save a phone; its device is saved by itself."""

    def phone_by_token(self, token_hash: str) -> Phone | None:
        """Return the phone of a token unless it was revoked."""

    def phones(self) -> list[Phone]:
        """Return every phone, oldest first."""

    def submissions(
        self,
        project_id: str | None = None,
        phone_id: str | None = None,
        instance_id: str | None = None,
    ) -> list[Submission]:
        """Return what phones sent, oldest first; what is None does not narrow it."""

    def submission_xml(self, place: PhonePlace) -> bytes:
        """Return the XML of a submission as it came."""

    def save_submission(self, submission: Submission, xml: bytes) -> None:
        """Save a submission; of one that is here only its changes become others."""

    def save_phone_file(self, file: PhoneFile) -> None:
        """Save that a file of a submission is here; a repeat is harmless."""

    def phone_files(
        self,
        project_id: str | None = None,
        phone_id: str | None = None,
        instance_id: str | None = None,
    ) -> list[PhoneFile]:
        """Return the files that phones sent, by their names."""

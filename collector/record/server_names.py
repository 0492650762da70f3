"""Names of records as the server has them."""

from collector.record.names import label
from collector.rules.overlay import BaseRow, RecordState, RecordView
from collector.store.port import Store


def server_label(store: Store, base: BaseRow) -> str:
    """Name a record as the server has it: a change that waits may call it otherwise."""
    fields, record_type = dict(base.fields), base.type
    view = RecordView(
        base.project_id,
        base.id,
        record_type,
        fields,
        base.deleted,
        RecordState.ACCEPTED,
    )
    return label(store, view)

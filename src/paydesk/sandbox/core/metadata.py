"""Metadata: its limits, and the merge of an update into it.

Source: Stripe, "Metadata": at most 50 keys of 40 characters with values of 500; "" removes a key, "" for all removes
all.
"""

from paydesk.sandbox.core.errors import invalid


def merge_metadata(before: dict[str, str], changes: dict[str, str] | str | None) -> dict[str, str]:
    """The metadata with the changes of a request.

    raises   StripeError 400 for too many keys, too long ones, square brackets or too long values
    """
    if not changes:
        return {} if changes == "" else before
    assert isinstance(changes, dict), "the parameter table lets nothing else through"
    result = dict(before)
    for key, value in changes.items():
        if value == "":
            result.pop(key, None)
            continue
        if len(key) > 40:
            raise invalid(
                f"Metadata keys can have up to 40 characters, but you passed in a key with {len(key)} characters. "
                f"Invalid key: {key[:60]}",
                param="metadata",
            )
        if "[" in key or "]" in key:
            raise invalid(f"Metadata keys cannot contain square brackets. Invalid key: {key}", param="metadata")
        if len(value) > 500:
            raise invalid(
                f"Metadata values can have up to 500 characters, but you passed in a value with {len(value)} "
                f"characters. Invalid value: {value[:60]}...",
                param="metadata",
            )
        result[key] = value
    if len(result) > 50:
        raise invalid(f"You can only pass in 50 metadata keys, but you passed in {len(result)} keys.", param="metadata")
    return result

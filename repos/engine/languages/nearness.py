"""How near two files stand: where a name may mean several, languages take the nearest to the one that names it."""


def folders_shared(one: str, other: str) -> int:
    """Of two paths, how many folders from the root down."""
    count = 0
    for a, b in zip(one.split("/"), other.split("/"), strict=False):
        if a != b:
            break
        count += 1
    return count

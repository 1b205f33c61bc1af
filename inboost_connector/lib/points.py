"""Points as they are kept and as they are read."""

#: Points are kept with so many digits; the rest is the noise of floats.
DIGITS = 6


def rounded(points: float) -> float:
    """
    >>> rounded(0.1 + 0.2)
    0.3
    """
    return round(points, DIGITS)


def shown(points: float) -> str:
    """As people read it, never in scientific notation.

    >>> shown(12345.67), shown(10.0)
    ('12345.67', '10')
    """
    return f"{round(points, 2):.15g}"

#!/usr/bin/env python3
# -*- coding: utf-8 -*-
# Copyright 2026 The authors. All rights reserved.
# def total(prices):
"""Sums."""

from __future__ import annotations


def total(prices):
    return sum(prices)
# output
#!/usr/bin/env python3
# -*- coding: utf-8 -*-
# Copyright 2026 The authors. All rights reserved.
# def total(prices):
"""Sums."""

from __future__ import annotations


def total(prices):
    """Return the sum of all prices."""
    return sum(prices)

"""The URLs of far tiers."""

from __future__ import annotations

import pytest

from penstock.model.tier_urls import TierUrl, parse_tier_url


@pytest.mark.parametrize(
    ("url", "place"),
    [
        ("file:///shared/me", TierUrl("/shared/me")),
        ("file://localhost/shared//me/", TierUrl("/shared/me")),
        ("file:///with%20a%20blank%3F", TierUrl("/with a blank?")),
        ("ssh://host/scratch/me", TierUrl("/scratch/me", "host")),
        ("ssh://me@login.example.org:2222/scratch/me/", TierUrl("/scratch/me", "login.example.org", "me", 2222)),
        ("ssh://me@[::1]:22/x", TierUrl("/x", "[::1]", "me", 22)),
        ("ssh://[::1]/x", TierUrl("/x", "[::1]")),
    ],
)
def test_a_url_says_where_a_tier_lies(url: str, place: TierUrl):
    assert parse_tier_url(url) == place
    assert parse_tier_url(place.text()) == place


@pytest.mark.parametrize(
    ("url", "why"),
    [
        (3, "no URL of a far tier"),
        ("/shared/me", 'write it as "file:///folder" or "ssh://user@host/folder"'),
        ("s3://bucket/x", "names no far tier"),
        ("file://host/x", "names a host"),
        ("file:///", "no folder below /"),
        ("file:shared", "no folder below /"),
        ("file:///a/../..", "no folder below /"),
        ("file:///a%0Ab", "no folder below /"),
        ("ssh://host", "no folder below /"),
        ("ssh:///x", "names no host"),
        ("ssh://-oProxyCommand=x/x", "names no host"),
        ("ssh://-l@host/x", "names no host"),
        ("ssh://a b/x", "names no host"),
        ("ssh://me:secret@host/x", "a password has no place in a URL"),
        ("ssh://host:port/x", "is no URL"),
        ("file:///x?y", "write . and # in its name as %3F and %23"),
    ],
)
def test_what_is_no_url_is_refused(url: object, why: str):
    with pytest.raises(ValueError, match=why):
        parse_tier_url(url)

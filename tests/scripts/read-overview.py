#!/usr/bin/python3
"""read-overview.py PORT GROUP: what Python's own nntplib knows of a group of four articles on 127.0.0.1, whose server
knows XOVER and XHDR only, and refuses one more group and one article. Dies of the first surprise."""
import nntplib
import sys

port, group = int(sys.argv[1]), sys.argv[2]
with nntplib.NNTP("127.0.0.1", port, readermode=True, timeout=30) as news:
    capabilities = news.getcapabilities()
    assert capabilities["READER"] == [], capabilities
    assert "OVER" in capabilities and "HDR" in capabilities, capabilities
    for command, code in [
        (lambda: news.group("local.x"), "411"),
        (lambda: news.body("<no-domain>"), "430"),
        (lambda: news.list("local.*"), "503"),
    ]:
        try:
            surprise = command()
        except nntplib.NNTPError as error:
            assert error.response.startswith(code), error.response
        else:
            raise AssertionError(f"{code} expected: {surprise}")

    _, count, first, last, name = news.group(group)
    assert (count, name) == (4, group), (count, name)
    _, overview = news.over((first, last))
    assert [number for number, _ in overview] == list(range(first, last + 1)), overview
    _, subjects = news.xhdr("subject", f"{first}-{last}")
    for (number, fields), (_, subject) in zip(overview, subjects):
        assert fields["subject"] == subject, (fields, subject)
        _, article = news.article(number)
        assert article.message_id == fields["message-id"], article.message_id
print(f"read {count} articles")

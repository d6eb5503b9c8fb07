"""The rules find what they should: a check that cannot fail is a defect."""

import unittest

import check


class Rules(unittest.TestCase):
    def found(self, rule, name, text):
        return list(rule(name, text))

    def test_a_lower_library_may_not_include_a_higher_one(self):
        self.assertTrue(self.found(check.layer_findings, "libs/base/src/a.cpp", '#include "http/url.hpp"'))
        self.assertFalse(self.found(check.layer_findings, "libs/http/src/a.cpp", '#include "base/ids.hpp"'))

    def test_the_domain_sees_base_only(self):
        name = "services/audio/domain/queue.hpp"
        self.assertTrue(self.found(check.layer_findings, name, '#include "runtime/task.hpp"'))
        self.assertTrue(self.found(check.layer_findings, name, '#include "app/players.hpp"'))
        self.assertFalse(self.found(check.layer_findings, name, '#include "base/ids.hpp"'))

    def test_third_party_headers_stay_with_their_owner(self):
        self.assertTrue(self.found(check.layer_findings, "services/audio/main.cpp", "#include <boost/beast/http.hpp>"))
        self.assertFalse(self.found(check.layer_findings, "libs/http/src/a.cpp", "#include <boost/beast/http.hpp>"))

    def test_banned_calls(self):
        for line in ("std::system(text);", "co_spawn(x, asio::detached);", "thread.detach();",
                     "std::this_thread::sleep_for(1s);", "// TODO later"):
            self.assertTrue(self.found(check.banned_findings, "libs/base/src/a.cpp", line), line)
        self.assertFalse(self.found(check.banned_findings, "libs/base/src/a.cpp", "auto systematic = rand_like();"))

    def test_links(self):
        self.assertTrue(self.found(check.link_findings, "README.md", "[here](no/such/file.md)"))
        self.assertFalse(self.found(check.link_findings, "README.md", "[here](LICENSE) [there](https://example.org)"))

    def test_headers(self):
        self.assertTrue(self.found(check.header_findings, "a.hpp", "int x;"))
        self.assertFalse(self.found(check.header_findings, "a.hpp", "#pragma once\nint x;"))


if __name__ == "__main__":
    unittest.main()

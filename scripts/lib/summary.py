"""The closing line of scripts/test: '12 passed, 0 failed, 1 skipped', from CTest's JUnit report."""

import sys
import xml.etree.ElementTree

suite = xml.etree.ElementTree.parse(sys.argv[1]).getroot()
outcomes = [case.get("status") for case in suite.iter("testcase")]
skipped = [case.get("name") for case in suite.iter("testcase") if case.get("status") in ("notrun", "disabled")]
for name in skipped:
    print(f"skipped: {name}")
passed = outcomes.count("run")
print(f"{passed} passed, {outcomes.count('fail')} failed, {len(skipped)} skipped")

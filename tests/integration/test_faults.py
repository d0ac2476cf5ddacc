"""Every fault code has a test that provokes it and follows its action until it
is gone.  The tests are in test_faults_*.py, or wherever the scene stands that
they need, and are found by their names: test_D12_a_name_that_points_elsewhere.
A new code therefore needs such a test."""

import unittest

from towpath import faults

# Never shown to anybody: towpath's processes say it to each other, and the
# answer is to load the key again (tests/unit/test_keyring).
INSIDE = {"C41"}


class Table(unittest.TestCase):
    def test_every_declared_code_has_its_row(self):
        self.assertEqual(sorted(faults.declared()), sorted(faults.table()))

    def test_every_code_is_provoked_and_cured_by_a_test(self):
        missing = sorted(set(faults.table()) - set(faults.tested()) - INSIDE)
        self.assertEqual(
            missing, [], "write test_CODE_what_happens for each of these in "
            "tests/integration/test_faults_*.py: provoke it, follow its "
            "action, see it gone")

    def test_no_test_is_of_a_code_that_is_not_there(self):
        self.assertEqual(set(faults.tested()) - set(faults.table()), set())


if __name__ == "__main__":
    unittest.main()

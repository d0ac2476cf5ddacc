"""Every fault code has a test that provokes it and follows its action until it
is gone.  The tests are in test_faults_*.py, or wherever the scene stands that
they need, and are found by their names: test_D12_a_name_that_points_elsewhere.
A new code therefore needs such a test."""

import unittest

from towpath import faults

# Codes whose test is still owed.  Nothing is ever added here.
OWED = set("""
N10 N11 N12 N13 N14 N15 N16 N17 N18 N19 N20 N21 N22 N23 N24 N25 N26 N28 N29
C10 C11 C12 C13 C14 C15 C16 C17 C18 C19 C20 C21 C22 C23 C24 C25 C26 C27 C28
C29 C30 C31 C32 C33 C34 C35 C36 C37 C38 C39 C40 C41
D10 D11 D12 D13 D14 D15 D16 D17 D18 D19 D20 D30 D31 D32
A10 A11 A12 A13 A14 A15 A16 A17 A18 A19 A20 A21 A22 A23 A24 A25 A26 A27 A29
S10 S11 S12 S13 S14 S15 S16 S17 S18 S19 S20 S21 S22 S23 S24 S25
P10 P11 P12 P13 P14 P15 P16 P18 P19 P20 P21 P22
""".split())


class Table(unittest.TestCase):
    def test_every_declared_code_has_its_row(self):
        self.assertEqual(sorted(faults.declared()), sorted(faults.table()))

    def test_every_code_is_provoked_and_cured_by_a_test(self):
        missing = sorted(set(faults.table()) - set(faults.tested()) - OWED)
        self.assertEqual(
            missing, [], "write test_CODE_what_happens for each of these in "
            "tests/integration/test_faults_*.py: provoke it, follow its "
            "action, see it gone")

    def test_no_test_is_of_a_code_that_is_not_there(self):
        self.assertEqual(set(faults.tested()) - set(faults.table()), set())


if __name__ == "__main__":
    unittest.main()

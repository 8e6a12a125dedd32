"""An independent implementation of the published figures, in plain Python.

The expected values of the tests come from here and never from the SQL under test. Nothing in
this package reads a model or a macro: it follows the written rules, account by account, with the
standard library only.

- `exact`: rounding, quantiles, means and intervals without the noise of floating point
- `presets`: the constants of the three published policies, typed in from their description
- `account_health`: cleaning, scoring and the aggregates
- `conversion_cohort`: the special-conversion cohort and the value x risk framework
- `customer_success`: health, churn risk and expansion
- `adversarial`, `adversarial_customers`, `customer_success_cases`: inputs that are known to break
  such code
- `building`, `compare`: running the project, and comparing what it built cell by cell
"""

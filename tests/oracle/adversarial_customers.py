"""Small customer-360 inputs that are known to break such code.

Each function returns the raw rows of the five tables as text, as CSV files would bring them. What
concerns single customers is put together into one input (`mixed`), with e-mail addresses of their
own; what concerns the whole population (no rows, one customer, no variation, an absent table, a
mean on the edge) is an input of its own. A `Case` is an input with settings, and can be written to
files.
"""

from __future__ import annotations

import csv
from collections.abc import Mapping
from dataclasses import dataclass, field
from fractions import Fraction
from pathlib import Path

import duckdb

from . import conversion_cohort as oracle
from .conversion_cohort import ACTIVITY, ADDRESS, COLUMNS, FUNNEL, MAPPING, TABLES, VALUE

AS_OF_DATE = "2026-01-31"

Raw = dict[str, str]
Tables = dict[str, list[Raw]]

# Changes to the row of a table; None leaves the customer out of it.
Changes = Mapping[str, str] | None
SAME: Changes = {}

TIERS = ("Bronze", "Silver", "Gold")
RISKS = ("Very Low", "Low", "Medium", "High", "Critical", "Low Activity Risk", "High Activity Risk")
VELOCITIES = ("Accelerating", "Stable", "Volatile", "Declining", "Stagnant")
ACTIVITY_CHANNELS = ("Marketing", "Sales", "Support")
FUNNEL_CHANNELS = ("Email", "Web", "Event", "Partner")


def merged(*parts: Tables) -> Tables:
    """The rows of several inputs in one."""
    return {table: [row for part in parts for row in part.get(table, ())] for table in TABLES}


def customer(
    name: str,
    number: int,
    activity: Changes = SAME,
    funnel: Changes = SAME,
    value: Changes = SAME,
) -> Tables:
    """An ordinary customer whose figures depend on the number alone, with changes by table.

    The ids do not agree between the tables.
    """

    def draw(prime: int, below: int) -> int:
        return (number + 3) * prime % below

    email = f"{name}@example.com"
    common = {"primary_email": email, "primary_organization": f"Organisation {number}"}
    risk, velocity = RISKS[draw(13, 7)], VELOCITIES[draw(7, 5)]
    rows = {
        ACTIVITY: {
            **common,
            "marketo_lead_id": f"ML-A-{name}",
            "stripe_customer_id": f"cus_A_{name}",
            "zendesk_user_id": f"ZD-A-{name}",
            "composite_engagement_score": f"{4 + draw(29, 9)}.{draw(37, 1000):03d}",
            "weighted_engagement_score": f"{draw(11, 17)}.5",
            "customer_health_score": f"{45 + draw(43, 53)}.{draw(17, 100):02d}",
            "days_since_last_activity": str(draw(53, 97)),
            "account_age_days": str(40 + draw(211, 1777)),
            "primary_engagement_channel": ACTIVITY_CHANNELS[draw(5, 3)],
            "engagement_velocity": velocity,
            "activity_risk_level": risk,
            "in_marketo": str(draw(3, 2)),
            "in_stripe": str(draw(5, 7) % 2),
            "in_zendesk": str(draw(3, 5) % 2),
            "zendesk_active": str(draw(7, 3) % 2),
            "customer_last_activity": f"2025-12-{1 + draw(11, 28):02d}",
            "activity_analysis_timestamp": f"2026-01-{1 + draw(5, 28):02d} 08:15:00",
        },
        FUNNEL: {
            **common,
            "marketo_lead_id": f"ML-F-{name}",
            "stripe_customer_id": f"cus_F_{name}",
            "zendesk_user_id": f"ZD-F-{name}",
            "customer_tier": TIERS[draw(7, 3)],
            "reached_awareness": "1",
            "marketing_to_sales_days": f"{8 + draw(5, 14)}.{draw(3, 4)}",
            "sales_to_support_days": f"{22 + draw(19, 37)}.{draw(7, 10)}",
            "primary_engagement_channel": FUNNEL_CHANNELS[draw(9, 4)],
            "customer_health_score": f"{50 + draw(31, 41)}",
            "estimated_customer_ltv": f"{700 + draw(15_485_863, 18_001)}.{draw(31, 100):02d}",
            "funnel_analysis_timestamp": f"2026-01-{1 + draw(9, 28):02d} 09:30:00",
        },
        VALUE: {
            **common,
            "marketo_lead_id": f"ML-V-{name}",
            "stripe_customer_id": f"cus_V_{name}",
            "zendesk_user_id": f"ZD-V-{name}",
            "customer_tier": TIERS[draw(11, 3)],
            "recency_score": str(1 + draw(3, 5)),
            "frequency_score": str(1 + draw(7, 5)),
            "monetary_score": str(1 + draw(13, 5)),
            "estimated_customer_ltv": f"{500 + draw(104_729, 19_001)}.{draw(61, 1000):03d}",
            "churn_probability": f"0.{draw(41, 100):02d}",
            "customer_health_score": f"{40 + draw(23, 59)}.5",
            "analysis_timestamp": f"2026-01-{1 + draw(13, 28):02d} 10:45:00",
        },
    }
    changes = {ACTIVITY: activity, FUNNEL: funnel, VALUE: value}
    return {
        table: [{**row, **changes[table]}] if changes[table] is not None else []
        for table, row in rows.items()
    }


# What makes a customer a member, if the rest of the population does not engage more.
ENGAGED = {"composite_engagement_score": "11.5"}
IN_TIME = {"marketing_to_sales_days": "15", "sales_to_support_days": "45"}


def member(
    name: str,
    number: int,
    activity: Changes = SAME,
    funnel: Changes = SAME,
    value: Changes = SAME,
) -> Tables:
    """A member of the cohort."""
    return customer(
        name, number, {**ENGAGED, **(activity or {})}, {**IN_TIME, **(funnel or {})}, value
    )


def row_of(table: str, name: str, number: int, **changes: str) -> Tables:
    """One more row of a customer in one table."""
    return {table: [{**customer(name, number)[table][0], **changes}]}


def address(customer360_id: str, **changes: str) -> Tables:
    """An address."""
    row = {
        "customer360_id": customer360_id,
        "source_system": "stripe",
        "address_type": "billing",
        "address_line_1": "1 High Street",
        "city": "Springfield",
        "state_code": "IL",
        "state": "Illinois",
        "country_code": "US",
        "country": "United States",
        "postal_code": "62701",
        "priority": "1",
        "rank": "1",
    }
    return {ADDRESS: [{**row, **changes}]}


def mapping(customer360_id: str, marketo: str = "", stripe: str = "", zendesk: str = "") -> Tables:
    """A row of the mapping table."""
    row = {
        "customer360_id": customer360_id,
        "marketo_lead_id": marketo,
        "stripe_customer_id": stripe,
        "zendesk_user_id": zendesk,
    }
    return {MAPPING: [row]}


# --------------------------------------------------------------------------------------------
# What concerns the whole population
# --------------------------------------------------------------------------------------------


def empty() -> Tables:
    """No rows anywhere."""
    return merged()


def one_customer() -> Tables:
    """A single customer, who cannot engage more than the average of himself."""
    name = "only"
    return merged(
        member(name, 1),
        mapping("C-1", stripe="cus_A_only"),
        address("C-1"),
    )


def required_columns() -> Tables:
    """Three customers of whom the tables say the least that they must."""
    engagement = {"loud": "9", "quiet": "4", "silent": ""}
    days = {"marketing_to_sales_days": "10", "sales_to_support_days": "31"}
    emails = [{"primary_email": f"{name}@example.com"} for name in engagement]
    return {
        ACTIVITY: [
            {**email, "composite_engagement_score": score}
            for email, score in zip(emails, engagement.values(), strict=True)
        ],
        FUNNEL: [{**email, **days} for email in emails],
        VALUE: emails,
        ADDRESS: [{"customer360_id": "C-1"}, {"customer360_id": "C-1"}],
        MAPPING: [{"customer360_id": "C-1"}],
    }


def all_equal() -> Tables:
    """Seven customers who differ in nothing but their address."""
    same = {"customer_health_score": "73.1"}
    return merged(*(member(f"equal{number}", 7, {**ENGAGED, **same}) for number in range(7)))


def ordinary(count: int = 40) -> Tables:
    """Customers without anything odd, a third of them members or so."""
    return merged(*(customer(f"customer{number}", number) for number in range(count)))


def no_activity() -> Tables:
    """The activity table is absent: no engagement, so no members; addresses by the funnel's ids."""
    return merged(
        ordinary(9),
        customer("value-only", 9, funnel=None),
        customer("funnel-only", 10, value=None),
        mapping("C-1", marketo="ML-F-customer1"),
        mapping("C-2", stripe="cus_V_customer2"),  # hidden behind the funnel's id
        mapping("C-3", stripe="cus_V_value-only"),
        *(address(f"C-{number}", source_system="zendesk") for number in range(1, 5)),
    )


def no_funnel() -> Tables:
    """The funnel table is absent: no days, so no members. LTVs as large as doubles allow."""
    huge = ("9007199254740992", "9007199254740991.5", "4503599627370496.5", "0", "0.000001")
    return merged(
        *(
            customer(f"huge{number}", number, value={"estimated_customer_ltv": ltv})
            for number, ltv in enumerate(huge * 2)
        ),
        customer("engaged", 20, ENGAGED),
        customer("very-engaged", 21, {"composite_engagement_score": "9007199254740992"}),
        address("C-1"),
    )


def no_value() -> Tables:
    """The value table is empty. The mean decides only as it is, not as it is published.

    Scores 8.000001 for six customers and 8 for three: the mean 8.000000666... is below the six, but
    its rounded form 8.000001 is not. The six have two health scores, one by platforms each, whose
    doubles do not add up exactly: nothing varies inside the groups, so there is no F. The other
    three are worth next to nothing, so the relative difference from them has many digits.
    """
    groups = {
        "stripe": {"in_marketo": "0", "in_stripe": "1", "customer_health_score": "73.1"},
        "both": {"in_marketo": "1", "in_stripe": "1", "customer_health_score": "70.3"},
    }
    high = {"composite_engagement_score": "8.000001", "in_zendesk": "0"}
    low = {"composite_engagement_score": "8"}
    members = (
        member(
            f"{name}{number}",
            number,
            {**high, **group},
            {"customer_tier": "Gold", "estimated_customer_ltv": "1000000"},
        )
        for name, group in groups.items()
        for number in range(3)
    )
    others = (
        member(f"low{number}", number, low, {"customer_tier": "gold", "estimated_customer_ltv": f})
        for number, f in enumerate(("0.01", "0.02", "0.03"))
    )
    # A second row of one of the low ones: the mean of the rows is another, 8.0000006.
    again = row_of(ACTIVITY, "low0", 0, composite_engagement_score="8")
    again[ACTIVITY][0]["activity_analysis_timestamp"] = "2020-01-01"
    return {**merged(*members, *others, again, mapping("C-1", marketo="ML-A-both1")), VALUE: []}


# --------------------------------------------------------------------------------------------
# What concerns single customers
# --------------------------------------------------------------------------------------------


def missing_values() -> Tables:
    """Blank health, LTV, scores, flags, channel, e-mail; indices at half of their weight."""
    no_health = {"customer_health_score": ""}
    no_ltv = {"estimated_customer_ltv": ""}
    no_platforms = {"in_stripe": ""}
    no_labels = {"activity_risk_level": "", "engagement_velocity": ""}
    no_tier = {"customer_tier": ""}
    no_scores = {"recency_score": "", "frequency_score": "", "monetary_score": ""}
    no_days = {"marketing_to_sales_days": "", "sales_to_support_days": ""}
    no_channel = {"primary_engagement_channel": ""}
    inactive = {"zendesk_active": "0"}
    return merged(
        member("health-of-value", 101, no_health),
        member("health-of-funnel", 102, no_health, value=no_health),
        member("no-health", 103, no_health, no_health, no_health),
        member("no-value-ltv", 104, value=no_ltv),
        member("no-funnel-ltv", 105, funnel=no_ltv),
        member("no-ltv", 106, funnel=no_ltv, value=no_ltv),
        member("no-scores", 107, value=no_scores),
        member("no-platforms", 108, no_platforms),
        member("no-channels", 109, no_channel, no_channel),
        member("no-labels", 110, no_labels, no_tier, no_tier),
        member("no-zendesk", 111, {"zendesk_active": ""}),
        customer("no-engagement", 112, {"composite_engagement_score": ""}, IN_TIME),
        customer("no-days", 113, ENGAGED, no_days),
        customer("no-support", 114, ENGAGED, {**IN_TIME, "sales_to_support_days": ""}),
        # CVI: LTV and health are .60, LTV and platforms .45, health alone .25
        customer("value-60", 121, no_platforms, value=no_scores),
        customer("value-45", 122, no_health, no_health, {**no_scores, **no_health}),
        customer("value-25", 123, no_platforms, no_ltv, {**no_ltv, **no_scores}),
        # CRI: label and Zendesk .50; velocity, days and channel .50; velocity and days .45
        customer("risk-50", 124, {"engagement_velocity": "", **no_channel, **inactive}, no_days),
        customer("risk-50-too", 125, {"activity_risk_level": "", "zendesk_active": ""}),
        customer(
            "risk-45", 126, {"activity_risk_level": "", "zendesk_active": "", **no_channel}
        ),
        customer("nothing", 127, None, {**no_days, **no_ltv, **no_health}, None),
        # rows without a key, in every table
        row_of(ACTIVITY, "without", 128, primary_email=""),
        row_of(ACTIVITY, "without", 129, primary_email="   "),
        row_of(FUNNEL, "without", 130, primary_email=""),
        row_of(VALUE, "without", 131, primary_email=" "),
        address(""),
        mapping(" ", marketo="ML-A-no-health"),
    )  # fmt: skip


def timestamp_ties() -> Tables:
    """Several rows of one customer: the choice must not depend on the order of the rows."""
    moment = {"analysis_timestamp": "2026-01-20 12:00:00"}

    def values(name: str, *variants: Mapping[str, str]) -> Tables:
        rows = (
            row_of(VALUE, name, 140, **{**moment, "estimated_customer_ltv": str(1000 + place)}, **v)
            for place, v in enumerate(variants)
        )
        return merged(customer(name, 140, value=None), *rows)

    def stamped(*texts: str) -> list[Tables]:
        times = ({"analysis_timestamp": text} for text in texts)
        return [
            row_of(VALUE, "latest", 141, **time, estimated_customer_ltv=str(2000 + place))
            for place, time in enumerate(times)
        ]

    def ids(marketo: str, stripe: str = "s", zendesk: str = "z") -> Raw:
        return {
            "marketo_lead_id": marketo,
            "stripe_customer_id": stripe,
            "zendesk_user_id": zendesk,
        }

    return merged(
        # unknown and impossible times come last, the last microsecond first
        customer("latest", 141, value=None),
        *stamped("", "2027-01-01", "2026-01-05", "2026-01-05 00:00:00.000001", "2025-02-29", "?"),
        # equal times: Marketo, then Stripe, then Zendesk; by bytes, unknown last
        values("marketo-decides", ids("b"), ids("a", "z", "z"), ids("", "a", "a")),
        values("stripe-decides", ids("a", "b"), ids("a", "a", "z"), ids("a", "", "a")),
        values("zendesk-decides", ids("a", "a", "10"), ids("a", "a", "9"), ids("a", "a", "")),
        values("bytes-decide", ids("a"), ids("B"), ids("é"), ids("z")),
        values("blanks-do-not", ids(" c "), ids("b  ")),
        # equal ids: the first other column in source order that differs; numbers as numbers
        values(
            "columns-decide",
            {**ids("a"), "primary_organization": "Z"},
            {**ids("a"), "primary_organization": "Y", "frequency_score": "5"},
            {**ids("a"), "primary_organization": "Y", "frequency_score": "4"},
            {**ids("a"), "primary_organization": ""},
        ),
        values(
            "numbers-decide",
            {**ids("a"), "rfm_avg_score": "10"},
            {**ids("a"), "rfm_avg_score": "9"},
            {**ids("a"), "rfm_avg_score": "bad"},
        ),
        values(
            "labels-as-they-came",
            {**ids("a"), "customer_tier": "gold"},
            {**ids("a"), "customer_tier": "Gold"},
            {**ids("a"), "customer_tier": ""},
        ),
        # equal in every value, though one of them is refused: not the order of the rows decides
        *(row_of(VALUE, "first-refused", 144, adjusted_ltv=text) for text in ("n/a", "", "")),
        *(row_of(VALUE, "last-refused", 144, adjusted_ltv=text) for text in ("", "", "n/a")),
        # the same row three times, in every table
        *(customer("thrice", 142) for _ in range(3)),
        # the better row has the worse figures: it counts all the same
        member("stays-out", 143, {"activity_analysis_timestamp": "2026-01-02"}),
        row_of(
            ACTIVITY,
            "stays-out",
            143,
            composite_engagement_score="1",
            activity_analysis_timestamp="2026-01-03",
        ),
    )  # fmt: skip


def odd_emails() -> Tables:
    """One address in different spellings, and addresses that careless code does not survive."""

    def spelled(number: int, *spellings: str) -> Tables:
        activity, funnel, value = ({"primary_email": spelling} for spelling in spellings)
        return member(f"spelled{number}", number, activity, funnel, value)

    later = {"analysis_timestamp": "2026-01-30 23:59:59"}
    return merged(
        spelled(151, "Ann.Other@Example.com", "  ann.other@example.com", "ANN.OTHER@EXAMPLE.COM "),
        row_of(VALUE, "x", 152, primary_email=" Ann.other@example.COM ", **later),
        spelled(153, *["o'hara+news@example.com"] * 3),
        spelled(154, *['"quoted, name"@example.com'] * 3),
        spelled(155, "jörg@müller.example", "Jörg@Müller.Example", "JÖRG@MÜLLER.EXAMPLE"),
        spelled(156, *["📧@example.com"] * 3),
        spelled(157, *["no at sign"] * 3),
        spelled(158, *["inner  blanks@example.com"] * 3),
        # blanks that are no spaces; a tab is no blank, so this is two customers
        spelled(159, "nb@example.com\u00a0", "\u2003nb@example.com", "\u3000 nb@example.com "),
        spelled(160, "tab@example.com\t", "tab@example.com", "tab@example.com"),
    )


def fan_out(count: int) -> Tables:
    """A customer with n rows in the value table, n^2 in the activity, n^4 in the funnel table."""
    name = f"fan-out-{count}"
    number = 160 + count
    days = {"marketing_to_sales_days": "12", "sales_to_support_days": "60"}
    return merged(
        *(
            row_of(VALUE, name, number, analysis_timestamp=f"2026-01-{place + 1:02d}")
            for place in range(count)
        ),
        *(
            row_of(
                ACTIVITY,
                name,
                number,
                composite_engagement_score=f"11.{place:02d}",
                activity_analysis_timestamp=f"2026-01-{place + 1:02d}",
            )
            for place in range(count**2)
        ),
        *(
            row_of(
                FUNNEL,
                name,
                number,
                **days,
                funnel_analysis_timestamp=f"2026-01-01 {place // 60:02d}:{place % 60:02d}:00",
            )
            for place in range(count**4)
        ),
    )


def days_on_the_bounds() -> Tables:
    """Days at, next to and beyond the bounds of the cohort; no engaged customer lacks them."""
    marketing = (
        *("10", "20", "9.999999", "20.000001", "9.9999999999", "20.0000000001", "10.0000000001"),
        *("5", "4.999", "25", "25.001", "-15", "0", "1e1"),
    )
    support = ("30", "30.000001", "29.999999", "30.0000000001", "14.5", "14.6", "-45", "31")
    return merged(
        *(
            member(f"marketing{place}", 170 + place, funnel={"marketing_to_sales_days": days})
            for place, days in enumerate(marketing)
        ),
        *(
            member(f"support{place}", 190 + place, funnel={"sales_to_support_days": days})
            for place, days in enumerate(support)
        ),
    )


def labels() -> Tables:
    """Every label of both generations, in other spellings, and labels that nobody knows."""
    risks = (*RISKS, "very low", " HIGH activity RISK ", "low activity risk", "CRITICAL")
    odd_risks = ("High Risk", "0", "Unclassified", "N/A", "Increasing")
    velocities = (
        "accelerating",
        " STABLE",
        "declining ",
        "Increasing",
        "Unclassified",
        "Stagnant!",
    )
    tiers = (("GOLD", ""), ("", " silver "), ("Diamond", "bronze"), ("Diamond", "Tin"), ("", "?"))
    platinum = {"customer_tier": " platinum ", "estimated_customer_ltv": ""}
    return merged(
        *(
            customer(f"risk{place}-{velocity}", 210 + place, {
                "activity_risk_level": risk, "engagement_velocity": velocity,
            })
            for place, risk in enumerate((*risks, *odd_risks))
            for velocity in ("Accelerating", "Stable")
        ),
        *(
            customer(f"velocity{place}-{risk}", 240 + place, {
                "activity_risk_level": risk, "engagement_velocity": velocity,
            })
            for place, velocity in enumerate(velocities)
            for risk in ("Low", "Critical")
        ),
        *(
            member(f"tier{place}", 260 + place, funnel={"customer_tier": of_funnel},
                   value={"customer_tier": of_value})
            for place, (of_value, of_funnel) in enumerate(tiers)
        ),
        # no LTV, so that the mean of the tier stays what ltv_on_the_tier_mean makes it
        member("platinum", 270, funnel=platinum, value=platinum),
        # the red rule, on its bounds
        *(
            customer(
                f"red{place}",
                280 + place,
                {
                    "activity_risk_level": risk,
                    "engagement_velocity": velocity,
                    "customer_health_score": health,
                },
                {"sales_to_support_days": days},
            )
            for place, (risk, velocity, health, days) in enumerate(
                (
                    ("High Activity Risk", "Stagnant", "69.999999", "30.5"),
                    ("Critical", "Declining", "70", "30.5"),
                    ("High", "Declining", "69", "30"),
                    ("High", "Volatile", "60", "31"),
                    ("Medium", "Stagnant", "60", "31"),
                    ("High", "Declining", "12", "31"),
                    ("High", "Declining", "12", ""),
                )
            )
        ),
    )  # fmt: skip


def ltv_on_the_tier_mean() -> Tables:
    """LTV equal to the mean of the tier, and next to a mean that has no end.

    Platinum: the mean is 200 exactly. Basic: 33.3333333..., which is published as 33.333333 and
    still above an LTV of 33.333333.
    """
    worth = {
        "Platinum": (("100", "1"), ("300", "5"), ("200", "4"), ("200", "2"), ("200", "5")),
        "Basic": (("33.333333", "1"), ("33.333333", "5"), ("33.333334", "4")),
    }
    return merged(
        *(
            customer(
                f"{tier.lower()}{place}",
                300 + place,
                funnel={"customer_tier": tier, "estimated_customer_ltv": ltv},
                value={
                    "customer_tier": tier,
                    "estimated_customer_ltv": ltv,
                    "monetary_score": monetary,
                },
            )
            for tier, customers in worth.items()
            for place, (ltv, monetary) in enumerate(customers)
        )
    )


def bad_numbers() -> Tables:
    """Text that is no number, numbers out of range, impossible dates, and their good neighbours."""
    return merged(
        customer(
            "bad1",
            311,
            {
                "composite_engagement_score": "NaN",
                "weighted_engagement_score": "-1",
                "customer_health_score": "100.000001",
                "days_since_last_activity": "12.5",
                "account_age_days": "-5",
                "active_30_days": "yes",
                "in_marketo": "2",
                "is_unsubscribed": " FALSE ",
                "zendesk_active": "TRUE",
                "customer_last_activity": "2025-02-29",
                "marketo_registration_date": "1899-12-31",
                "stripe_registration_date": "1900-01-01",
            },
            {
                "marketing_to_sales_days": "eleven",
                "sales_to_support_days": "-9007199254740994",
                "customer_health_score": "-0.5",
                "estimated_customer_ltv": "-0.01",
                "next_stage_conversion_probability": "0.5.5",
                "reached_support": "0.5",
            },
            {
                "recency_score": "0",
                "frequency_score": "6",
                "monetary_score": "2.5",
                "estimated_customer_ltv": "9007199254740994",
                "adjusted_ltv": "inf",
                "expected_annual_revenue": "1e400",
                "revenue_risk_percentage": "101",
                "customer_health_score": "NaN",
            },
        ),
        customer(
            "bad2",
            312,
            {
                "composite_engagement_score": "Infinity",
                "customer_health_score": " 100 ",
                "days_since_last_activity": "1,234",
                "account_age_days": "1e2",
                "in_stripe": "1.0",
                "in_zendesk": "-1",
                "customer_first_touchpoint": "31/12/2024",
                "customer_last_activity": "2026-02-01 23:59:59",
                "marketo_registration_date": "2026-02-02",
            },
            {
                "marketing_to_sales_days": "-0",
                "sales_to_support_days": "1e400",
                "customer_health_score": "0",
                "estimated_customer_ltv": "$5",
                "reached_awareness": "true",
            },
            {
                "recency_score": " 3 ",
                "frequency_score": "5.0",
                "monetary_score": "five",
                "estimated_customer_ltv": "nan",
                "adjusted_ltv": "1_000",
                "churn_probability": "-0.1",
                "revenue_risk_percentage": "100",
                "portfolio_contribution_pct": "-1",
                "account_age_days": "0x1F",
            },
        ),
        member("good", 313, {"composite_engagement_score": " +1.15E1 "},
               {"marketing_to_sales_days": "1.5e1", "sales_to_support_days": "45."},
               {"estimated_customer_ltv": ".5"}),
        address("C-bad", rank="first", priority="1.5"),
    )  # fmt: skip


def texts() -> Tables:
    """Texts that careless code does not survive, in every mart that shows texts."""
    channels = (
        *(
            "Côte d'Azur",
            "📧 E-mail",
            'Direct "Mail", printed',
            "Unknown",
            "two\nlines",
            "%s {{ x }}",
        ),
        *("email", "Email", " Email "),
    )
    places = (
        *(("Côte d'Ivoire", "Lagunes"), ("日本", "東京都"), ("United States", "Hawai'i 🌺")),
        *(("", "Nowhere"), ("Andorra", ""), ("", ""), ("all", "Unmatched")),
        *(("France", "Île-de-France"), ("France", "Île-de-France")),
    )
    parts = []
    for place, (channel, (country, state)) in enumerate(zip(channels, places, strict=True)):
        name = f"text{place}"
        parts += [
            member(
                name,
                330 + place,
                {"primary_engagement_channel": channel, "primary_organization": "O'Neill; -- 🏢"},
                {"primary_engagement_channel": channel, "customer_segment": "{{ 1 / 0 }}"},
            ),
            mapping(f"C-text-{place}", marketo=f"ML-A-{name}"),
            address(f"C-text-{place}", country=country, state=state, source_system="O'Brien 🏢"),
        ]
    return merged(*parts)


def only_in_one_table() -> Tables:
    """Customers whom only one or two tables know."""
    return merged(
        customer("value-only", 351, activity=None, funnel=None),
        customer("funnel-only", 352, activity=None, value=None),
        customer("activity-only", 353, funnel=None, value=None),
        member("no-value", 354, value=None),
        customer("no-funnel", 355, ENGAGED, funnel=None),
        customer("no-activity", 356, activity=None, funnel=IN_TIME),
    )


def mappings() -> Tables:
    """Every way in which an address does or does not reach a customer."""
    no_ids = {"marketo_lead_id": "", "stripe_customer_id": "", "zendesk_user_id": ""}
    shared = {**no_ids, "stripe_customer_id": "cus_shared"}
    states = {"C-900": "Ohio", "C-901": "Iowa", "C-902": "Utah"}
    return merged(
        member("by-marketo", 361),
        mapping("C-01", marketo="ML-A-by-marketo", stripe="cus_other"),
        address("C-01", state="Texas"),
        # Marketo's id is another's, Stripe's is his
        member("by-stripe", 362),
        mapping("C-02", marketo="ML-nobody", stripe=" cus_A_by-stripe "),
        address(" C-02 ", state="Kansas", source_system=" marketo "),
        member("by-zendesk", 363),
        mapping("C-03", zendesk="ZD-A-by-zendesk"),
        address("C-03", state="Maine", source_system="zendesk"),
        # several: the best kind of id first, then the smallest customer360_id by bytes
        member("several", 364),
        mapping("C-9", marketo="ML-A-several"),
        mapping("C-10", marketo="ML-A-several", stripe="cus_A_several"),
        mapping("C-04", stripe="cus_A_several"),
        mapping("B-1", zendesk="ZD-A-several"),
        *(address(name, state=f"State of {name}") for name in ("C-9", "C-10", "C-04", "B-1")),
        # one mapping for several customers, one of whom is no member
        member("shares1", 365, shared),
        member("shares2", 366, shared),
        customer("shares3", 367, {**shared, "composite_engagement_score": "1"}),
        mapping("C-05", stripe="cus_shared"),
        address("C-05", state="Nevada"),
        # an id that the activity table lacks is the funnel's, then the value table's
        member("id-of-funnel", 368, {"marketo_lead_id": ""}),
        mapping("C-06", marketo="ML-F-id-of-funnel"),
        mapping("C-07", marketo="ML-V-id-of-funnel"),
        address("C-06", state="Oregon"),
        address("C-07", state="wrong"),
        member("id-of-value", 369, no_ids, no_ids),
        mapping("C-08", zendesk="ZD-V-id-of-value"),
        address("C-08", state="Alaska"),
        member("without-ids", 370, no_ids, no_ids, no_ids),
        # an id of another kind, or in another case, is another id
        member("other-kind", 371, {**no_ids, "marketo_lead_id": "same-id"}, no_ids, no_ids),
        mapping("C-11", stripe="same-id"),
        member("other-case", 372),
        mapping("C-12", marketo="ml-a-OTHER-CASE"),
        # the chosen one has no address, so another mapping row does not help
        member("no-address", 373),
        mapping("C-13", marketo="ML-A-no-address"),
        mapping("C-14", marketo="ML-A-no-address"),
        address("C-14", state="wrong"),
        # one row per customer360_id: the ids that stay are the first ones, unknown last
        member("folded-away", 374),
        member("folded-to", 375),
        mapping("C-15", marketo="ML-A-folded-to"),
        mapping("C-15", marketo="ML-A-folded-away"),
        mapping("C-15", stripe="cus_A_folded-to"),
        mapping("C-15", stripe="cus_A_folded-to"),
        address("C-15", state="Idaho"),
        # a customer who is no member makes an address a matched one
        customer("outsider", 376, {"composite_engagement_score": "1"}),
        mapping("C-16", marketo="ML-A-outsider"),
        address("C-16", state="Vermont", source_system="ZENDESK"),
        # one address per customer360_id: rank, then priority, then the columns in their order
        *(member(f"lives{name}", 377, {"marketo_lead_id": f"ML-{name}"}) for name in states),
        *(mapping(name, marketo=f"ML-{name}") for name in states),
        address("C-900", rank="10", priority="1", state="wrong"),
        address("C-900", rank="9", priority="3", state="wrong"),
        address("C-900", rank="9", priority="2", state=states["C-900"]),
        address("C-900", rank="", priority="0", state="wrong"),
        address("C-901", rank="1", priority="", state="wrong"),
        address("C-901", rank="1", priority="7", city="A", state=states["C-901"]),
        address("C-901", rank="1", priority="7", city="B", state="A"),
        address("C-902", rank="-1", priority="", source_system="", state=states["C-902"]),
        address("C-902", rank="0", priority="1", state="wrong"),
        # addresses that reach nobody
        address("C-999", source_system="   "),
        address("c-01", source_system="marketo"),
    )  # fmt: skip


def on_the_average(tables: Tables, average: int = 8) -> Tables:
    """The tables with customers at and around the average engagement of all, which is `average`.

    One more customer makes it so: his score fills the sum up.
    """
    around = ("0", "0.000001", "0.0000004", "0.0000006", "-0.000001", "0.0000001")
    scores = [f"{float(average + Fraction(shift)):.7f}" for shift in around]
    tables = merged(
        tables,
        *(
            member(f"average{place}", 400 + place, {"composite_engagement_score": score})
            for place, score in enumerate(scores)
        ),
    )
    customers = oracle.join(oracle.clean(tables, AS_OF_DATE), oracle.Settings())
    engagement = oracle.Engagement.of(one.composite_engagement_score for one in customers)
    missing = average * (engagement.count + 1) * oracle.MICRO - engagement.sum_micros
    if missing < 0:
        raise ValueError(f"the customers engage {missing} millionths too much for {average}")
    score = f"{missing // oracle.MICRO}.{missing % oracle.MICRO:06d}"
    return merged(tables, customer("balance", 399, {"composite_engagement_score": score}))


def mixed() -> Tables:
    """Everything that concerns single customers, among ordinary ones."""
    quiet = (
        customer(f"quiet{number}", 410 + number, {"composite_engagement_score": "2.125"})
        for number in range(60)
    )
    return on_the_average(
        merged(
            ordinary(),
            *quiet,
            missing_values(),
            timestamp_ties(),
            odd_emails(),
            fan_out(2),
            fan_out(3),
            days_on_the_bounds(),
            labels(),
            ltv_on_the_tier_mean(),
            bad_numbers(),
            texts(),
            only_in_one_table(),
            mappings(),
        )
    )


def reversed_rows(tables: Tables) -> Tables:
    """The same rows, last first."""
    return {table: rows[::-1] for table, rows in tables.items()}


# --------------------------------------------------------------------------------------------
# Cases
# --------------------------------------------------------------------------------------------

SQL_TYPES = {
    oracle.TEXT: "varchar",
    oracle.AMOUNT: "double",
    oracle.SIGNED_AMOUNT: "double",
    oracle.COUNT: "bigint",
    oracle.SIGNED_COUNT: "bigint",
    oracle.PERCENT: "double",
    oracle.RFM: "tinyint",
    oracle.FLAG: "integer",
    oracle.TIMESTAMP: "timestamp",
}
# Sources differ: these come as other types than the rest of their kind.
OTHER_TYPES = {"zendesk_active": "boolean", "customer_last_activity": "date"}


@dataclass(frozen=True)
class Case:
    """An input with its settings.

    `absent` tables are not written at all, and of `narrow` ones only the columns that are used.
    Tables in `typed` are written as parquet; a text that its type cannot hold is NULL there.
    """

    name: str
    tables: Tables
    settings: oracle.Settings = field(default_factory=oracle.Settings)
    absent: tuple[str, ...] = ()
    typed: tuple[str, ...] = ()
    narrow: tuple[str, ...] = ()
    as_of_date: str = AS_OF_DATE

    @property
    def variables(self) -> dict:
        """The settings as dbt takes them."""
        settings = self.settings
        return {
            "as_of_date": self.as_of_date,
            "customer_health_subjects": ["conversion"],
            "customer_health_ltv_source": settings.ltv_source,
            "special_conversion": {
                "marketing_to_sales_days": {
                    "at_least": float(settings.least_marketing_days),
                    "at_most": float(settings.most_marketing_days),
                },
                "sales_to_support_days_above": float(settings.sales_days_above),
            },
            "customer_value_levels": {
                "high_monetary_at_least": settings.high_monetary_at_least,
                "low_monetary_at_most": settings.low_monetary_at_most,
            },
            "customer_red_flag": {
                "sales_to_support_days_above": float(settings.red_sales_days_above),
                "health_below": float(settings.red_health_below),
            },
            "customer_value_index": dict(settings.value_weights),
            "customer_risk_index": dict(settings.risk_weights),
        }

    def write(self, folder: Path) -> None:
        """Write the tables into a folder, as CSV or parquet files."""
        folder.mkdir(parents=True, exist_ok=True)
        for table in TABLES:
            if table in self.absent:
                continue
            path = folder / f"{table}.csv"
            with path.open("w", encoding="utf-8", newline="") as file:
                rows = self.tables[table]
                used = {column for row in rows for column in row}
                names = [
                    name for name in COLUMNS[table] if table not in self.narrow or name in used
                ]
                writer = csv.DictWriter(file, names, restval="", lineterminator="\n")
                writer.writeheader()
                writer.writerows(rows)
            if table in self.typed:
                write_typed(path, table)
                path.unlink()


def write_typed(path: Path, table: str) -> None:
    """Write a CSV file again as parquet, with the types of its columns."""
    columns = ", ".join(
        f'try_cast("{name}" as {OTHER_TYPES.get(name, SQL_TYPES[kind])}) as "{name}"'
        for name, kind in COLUMNS[table].items()
    )
    # A table of texts in between: DuckDB moves a cast into the reader, where it is no try_cast.
    texts = f"read_csv('{path}', all_varchar = true, header = true, delim = ',', quote = '\"')"
    target = path.with_suffix(".parquet")
    with duckdb.connect() as connection:
        connection.execute(f"create table texts as select * from {texts}")
        connection.execute(f"copy (select {columns} from texts) to '{target}' (format parquet)")


def read(folder: Path) -> Tables:
    """The tables as they lie in a folder: texts from CSV, types from parquet, absent ones empty."""
    tables: Tables = {}
    for table in TABLES:
        path = folder / f"{table}.csv"
        if path.exists():
            with path.open(encoding="utf-8", newline="") as file:
                tables[table] = list(csv.DictReader(file))
            continue
        tables[table] = []
        if path.with_suffix(".parquet").exists():
            relation = duckdb.read_parquet(str(path.with_suffix(".parquet")))
            tables[table] = [
                dict(zip(relation.columns, row, strict=True)) for row in relation.fetchall()
            ]
    return tables


OTHER_SETTINGS = oracle.Settings(
    ltv_source="funnel",
    least_marketing_days="5",
    most_marketing_days="25",
    sales_days_above="14.5",
    high_monetary_at_least=3,
    low_monetary_at_most=1,
    red_sales_days_above="24.5",
    red_health_below="73.25",
    value_weights={
        "ltv": 0.3,
        "health": 0.3,
        "monetary": 0.15,
        "frequency": 0.15,
        "platforms": 0.1,
    },
    risk_weights={
        "risk": 0.25,
        "velocity": 0.25,
        "sales_to_support_days": 0.25,
        "zendesk_inactive": 0.125,
        "channel": 0.125,
    },
)

MIXED = mixed()

CASES = (
    Case("empty", empty(), absent=(FUNNEL, ADDRESS), typed=(VALUE,)),
    Case("one_customer", one_customer()),
    Case("required_columns", required_columns(), narrow=TABLES),
    Case("all_equal", all_equal(), absent=(ADDRESS, MAPPING), typed=(ACTIVITY,)),
    Case("no_activity", no_activity(), absent=(ACTIVITY,)),
    Case("no_funnel", no_funnel(), absent=(FUNNEL, MAPPING)),
    Case("no_value", no_value(), oracle.Settings(ltv_source="funnel")),
    Case("mixed", MIXED),
    Case("mixed_reversed", reversed_rows(MIXED), OTHER_SETTINGS, typed=TABLES),
)

"""What the deliverables are: each file with the marts and the policy that it needs."""

from collections.abc import Mapping
from dataclasses import dataclass

RUN_RATE, WIN_PROBABILITY = "run_rate", "win_probability"


@dataclass(frozen=True)
class Deliverable:
    """A file of the published reports; `policy` is None where no score is in it."""

    name: str
    subject: str
    needs: frozenset[str]
    policy: str | None = None

    @property
    def is_picture(self) -> bool:
        return self.name.endswith(".png")


def _of_accounts(name: str, policy: str, *needs: str) -> Deliverable:
    return Deliverable(name, "account_health", frozenset({"policies", *needs}), policy)


def _of_cohort(name: str, *needs: str) -> Deliverable:
    return Deliverable(name, "conversion", frozenset(needs))


DELIVERABLES: Mapping[str, Deliverable] = {
    deliverable.name: deliverable
    for deliverable in (
        _of_accounts("accounts_health_scores.csv", RUN_RATE, "account_health"),
        _of_accounts("account_health_and_prediction.csv", WIN_PROBABILITY, "account_health"),
        _of_accounts("high_risk_segment_rates.csv", WIN_PROBABILITY, "risk_matrix"),
        _of_accounts("risk_matrix_counts.csv", WIN_PROBABILITY, "risk_matrix", "risk_by_industry"),
        _of_accounts("high_risk_characteristics_vs_all.csv", WIN_PROBABILITY, "low_health_profile"),
        _of_accounts("tier_summary.csv", WIN_PROBABILITY, "contribution_tiers"),
        _of_accounts("risk_matrix_heatmap.png", RUN_RATE, "risk_matrix"),
        _of_accounts("risk_heatmap.png", WIN_PROBABILITY, "risk_matrix"),
        _of_accounts("health_by_industry_box.png", RUN_RATE, "account_health"),
        _of_accounts("predicted_contribution_by_segment.png", RUN_RATE, "contribution_tiers"),
        _of_accounts("health_vs_predicted_contribution.png", RUN_RATE, "account_health"),
        _of_cohort("channel_distribution.png", "special_conversion_by_channel"),
        _of_cohort(
            "platform_health_score.png",
            "special_conversion_customers",
            "special_conversion_significance",
        ),
    )
}

"""The truth file leads every way of writing a firm to the firm."""

import polars as pl


def lookup(province, provider, form):
    links = province.read("truth/links.csv").filter(provider=provider, form=form)
    return {
        (value, region): code for value, region, code in links.select("value", "region", "uscc").iter_rows()
    }


def test_links_lead_to_registered_firms(dirty):
    links = dirty.read("truth/links.csv")

    assert links.columns == ["provider", "form", "value", "region", "uscc"]
    assert links.unique(["provider", "form", "value", "region"]).height == links.height
    assert set(links["form"]) == {"registration_no", "subject_no", "firm_name", "account"}


def test_every_bill_has_an_account_and_every_account_a_firm(clean):
    for provider, service in (("grid", "electricity"), ("water", "water")):
        truth = lookup(clean, provider, "account")
        accounts = clean.read(f"{provider}/utility-account.csv")
        bills = clean.read(f"{provider}/utility-bill.csv")

        assert set(bills["account_no"]) <= set(accounts["account_no"])
        assert all(
            truth[f"{service}/{account}", None] == code
            for account, code in accounts.select("account_no", "uscc").iter_rows()
        )


def test_names_without_codes_are_in_the_truth(dirty):
    truth = lookup(dirty, "water", "firm_name")
    accounts = dirty.read("water/utility-account.csv").filter(
        pl.col("uscc").is_null() & pl.col("registration_no").is_null() & (pl.col("service") == "water")
    )

    assert all((name, region) in truth for name, region in accounts.select("firm_name", "region").iter_rows())


def test_own_numbers_are_in_the_truth(dirty):
    truth = lookup(dirty, "hrss", "subject_no")
    rows = (
        dirty.read("hrss/labour-rating.csv")
        .drop_nulls("uscc")
        .filter(pl.col("uscc").str.contains("^9[0-9A-Z]{17}$"))
    )

    known = set(dirty.read("truth/outcomes.csv")["uscc"])
    assert all(
        truth[number, None] == code
        for number, code in rows.select("subject_no", "uscc").iter_rows()
        if code in known
    )

"""The pages of the site, each a function that makes a Page from the published marts."""

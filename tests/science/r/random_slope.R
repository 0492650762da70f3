# Random slopes by REML, for tests/science/test_random_slope.py.
# From the root of the checkout: Rscript tests/science/r/random_slope.R
# Made with R 4.2.2, lme4 1.1-31 and lmerTest 3.1-3 on Debian 12. Reads
# random_slope_inputs.csv (simulated) and the Woburn series of fixtures/campaigns;
# writes random_slope.csv.
suppressMessages(library(lmerTest))
folder <- "fixtures/check_values/"
inputs <- read.csv(paste0(folder, "random_slope_inputs.csv"))
woburn <- read.csv("fixtures/campaigns/woburn_ley_arable_1938_2009.csv",
                   fileEncoding = "latin1")
woburn <- woburn[woburn$block == 1 & woburn$year > 1938, ]
inputs <- rbind(inputs, data.frame(
  case = "woburn", place = as.character(woburn$main_plot), years = woburn$year - min(woburn$year),
  stock_t_ha = woburn$percent_soc * woburn$bulk_density * 25))
tight <- lmerControl(optimizer = "bobyqa", check.conv.singular = "ignore",
                     optCtrl = list(rhoend = 1e-11, maxfun = 1e5))
out <- NULL
for (case in unique(inputs$case)) {
  mine <- inputs[inputs$case == case, ]
  fit <- suppressWarnings(lmer(stock_t_ha ~ years + (1 + years | place), mine,
                               REML = TRUE, control = tight))
  row <- summary(fit)$coefficients["years", ]
  sd <- attr(VarCorr(fit)$place, "stddev")
  out <- rbind(out, data.frame(
    case = case, slope = row[["Estimate"]], se = row[["Std. Error"]], df = row[["df"]],
    p = row[["Pr(>|t|)"]], intercept = fixef(fit)[[1]],
    intercept_sd = sd[[1]], slope_sd = sd[[2]],
    correlation = attr(VarCorr(fit)$place, "correlation")[1, 2],
    residual_sd = sigma(fit), deviance = REMLcrit(fit), singular = isSingular(fit)))
}
for (name in names(out)[2:11]) out[[name]] <- signif(out[[name]], 12)
write.csv(out, paste0(folder, "random_slope.csv"), row.names = FALSE, quote = FALSE)

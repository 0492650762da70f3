# Creditable change of the Australian method of 2021, for tests/science/test_crediting.py.
# From the root of the checkout: Rscript tests/science/r/australia_2021.R
# Made with R 4.2.2 on Debian 12. t.test gives change, standard error and df; the lower
# end of its one-sided interval at 60 % is the change that is exceeded with 60 %.
set1 <- c(52.1, 55.4, 49.8, 58.0, 53.3, 50.9)
set2 <- c(54.0, 58.9, 50.1, 60.7, 57.2, 52.0)
set3 <- c(56.3, 51.2, 59.8, 55.5)
cases <- list(
  list("paired_first_25", t.test(set2, set1, paired = TRUE, alternative = "greater",
                                 conf.level = 0.6), 0.25, 0.20),
  list("paired_later_100", t.test(set2, set1, paired = TRUE, alternative = "greater",
                                  conf.level = 0.6), 0, 0),
  list("welch_first_100", t.test(set3, set1, alternative = "greater", conf.level = 0.6),
       0.25, 0),
  list("welch_unsure_first_25", t.test(set3, set2, alternative = "greater",
                                       conf.level = 0.6), 0.25, 0.20))
out <- do.call(rbind, lapply(cases, function(case) {
  test <- case[[2]]
  change <- if (length(test$estimate) == 1) test$estimate else -diff(test$estimate)
  low <- test$conf.int[1]
  kept <- max(low, 0) * (1 - case[[3]])
  data.frame(case = case[[1]], change = change, discount = change - low,
             withheld = max(low, 0) * case[[3]], buffer = 0.05 * kept,
             permanence = case[[4]] * kept,
             creditable = kept - (0.05 + case[[4]]) * kept, deficit = min(low, 0))
}))
for (name in names(out)[-1]) out[[name]] <- signif(out[[name]], 12)
write.csv(out, "fixtures/check_values/australia_2021.csv", row.names = FALSE, quote = FALSE)

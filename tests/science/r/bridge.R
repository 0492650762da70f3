# Factor between two laboratory methods, and the test that it is one factor.
# Rscript tests/science/r/bridge.R inputs > fixtures/check_values/bridge_inputs.csv
# Rscript tests/science/r/bridge.R > fixtures/check_values/bridge_tests.csv
set.seed(20261130)
pairs <- function(set, n, factor, power, error) {
  true <- exp(seq(log(5), log(38), length.out = n))
  data.frame(set = set, a_g_kg = round(true * exp(rnorm(n, 0, error)), 3),
             b_g_kg = round(factor * 15 * (true / 15)^power * exp(rnorm(n, 0, error)), 3))
}
inputs <- rbind(pairs("factor", 12, 1.3, 1, 0.04), pairs("equal", 30, 1, 1, 0.03),
                pairs("bent", 20, 1.1, 0.85, 0.03), pairs("noisy", 10, 0.8, 1.1, 0.15))
if (length(commandArgs(TRUE))) {
  write.csv(inputs, stdout(), row.names = FALSE, quote = FALSE)
  quit()
}
# The p value at which the reduced major axis is k: no correlation of lb - k la with lb + k la.
p_at <- function(k, la, lb) cor.test(lb - k * la, lb + k * la)$p.value
out <- do.call(rbind, lapply(split(inputs, factor(inputs$set, unique(inputs$set))), function(x) {
  la <- log(x$a_g_kg); lb <- log(x$b_g_kg)
  test <- t.test(lb, la, paired = TRUE)
  slope <- sd(lb) / sd(la)
  f <- function(k) p_at(k, la, lb) - 0.05
  data.frame(set = x$set[1], pairs = nrow(x), factor = exp(unname(test$estimate)),
             factor_se = exp(unname(test$estimate)) * test$stderr,
             low_g_kg = min(x$a_g_kg), high_g_kg = max(x$a_g_kg), slope = slope,
             slope_low = uniroot(f, c(slope / 3, slope), tol = 1e-14)$root,
             slope_high = uniroot(f, c(slope, slope * 3), tol = 1e-14)$root,
             p_proportional = p_at(1, la, lb))
}))
out[-1] <- lapply(out[-1], signif, digits = 13)
write.csv(out, stdout(), row.names = FALSE, quote = FALSE)

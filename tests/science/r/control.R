# Treated plots against control plots, from stocks of points and of blocks.
# Rscript tests/science/r/control.R inputs > fixtures/check_values/control_inputs.csv
# Rscript tests/science/r/control.R > fixtures/check_values/control_tests.csv
# A set is treated plot "t" and control plots "c1", "c2"; in blocks plots are "t1", "c1" and so on.
set.seed(20261129)
stocks <- function(set, plot, years, paired, n0, n1, level, gain, sd_place, sd_noise) {
  place <- rnorm(n0, level, sd_place)
  other <- if (paired) place else rnorm(n1, level, sd_place)
  data.frame(set = set, plot = plot, years = years, paired = paired,
             campaign = rep(0:1, c(n0, n1)),
             stock = round(c(place + rnorm(n0, 0, sd_noise), other + gain + rnorm(n1, 0, sd_noise)), 4))
}
inputs <- rbind(
  stocks("one", "t", 10, TRUE, 10, 10, 55, 6, 6, 1.2), stocks("one", "c1", 10, TRUE, 8, 8, 53, 1.5, 5, 1.5),
  stocks("two", "t", 8, TRUE, 6, 6, 48, 1, 7, 1.0), stocks("two", "c1", 8.3, TRUE, 5, 5, 50, -2, 6, 1.1),
  stocks("two", "c2", 7.8, FALSE, 7, 5, 47, -1, 3, 1.0),
  stocks("new", "t", 5, FALSE, 12, 9, 60, 9, 4, 1.0), stocks("new", "c1", 5, FALSE, 9, 12, 61, 0, 4, 1.0),
  stocks("poor", "t", 6, TRUE, 3, 3, 30, 2, 22, 2), stocks("poor", "c1", 6, TRUE, 3, 3, 35, 0, 5, 1),
  do.call(rbind, lapply(1:6, function(i) rbind(
    stocks("blocks", paste0("t", i), 10, TRUE, 4, 4, 50 + i, 5 + 0.3 * i, 4, 1),
    stocks("blocks", paste0("c", i), 9.8 + 0.1 * i, TRUE, 4, 4, 50 + i, 0.3 * i, 4, 1)))))
if (length(commandArgs(TRUE))) {
  write.csv(inputs, stdout(), row.names = FALSE, quote = FALSE)
  quit()
}
take <- function(p) list(T = p$years[1], paired = p$paired[1], a = p$stock[p$campaign == 0], b = p$stock[p$campaign == 1])
test_of <- function(x, k = 1) if (x$paired) t.test(x$b - k * x$a) else t.test(x$b, k * x$a)
moments <- function(x, k = 1) { r <- test_of(x, k); c(est = if (x$paired) unname(r$estimate) else mean(x$b) - k * mean(x$a), se = unname(r$stderr), df = unname(r$parameter)) }
plots_of <- function(set) {
  d <- inputs[inputs$set == set, ]
  p <- lapply(split(d, d$plot), take)
  treated <- p[["t"]]; controls <- p[names(p) != "t"]; T <- treated$T; m <- length(controls)
  cm <- sapply(controls, moments); ct <- sapply(controls, function(x) x$T)
  df_treated <- moments(treated)["df"]
  at <- function(r) {
    x <- moments(treated, 1 + r * T)
    v <- c(x["se"]^2, (T / m * cm["se", ] / ct)^2)
    est <- x["est"] - T * mean(cm["est", ] / ct)
    df <- sum(v)^2 / sum(v^2 / c(df_treated, cm["df", ]))
    t <- unname(est / sqrt(sum(v))); c(est = unname(est), se = sqrt(sum(v)), df = unname(df), t = t, p = 2 * pt(-abs(t), df))
  }
  list(at = at, T = T, base = mean(treated$a))
}
blocks_of <- function(set) {
  d <- inputs[inputs$set == set, ]
  p <- lapply(split(d, d$plot), take)
  n <- length(p) / 2; treated <- p[paste0("t", 1:n)]; controls <- p[paste0("c", 1:n)]
  yearly <- function(x) (mean(x$b) - mean(x$a)) / x$T
  T <- mean(sapply(treated, function(x) x$T)); base <- sapply(treated, function(x) mean(x$a))
  d <- T * (sapply(treated, yearly) - sapply(controls, yearly))
  at <- function(r) { x <- t.test(d - r * T * base); c(est = unname(x$estimate), se = unname(x$stderr), df = unname(x$parameter), t = unname(x$statistic), p = x$p.value) }
  list(at = at, T = T, base = mean(base))
}
row <- function(set, s) {
  zero <- s$at(0); four <- s$at(0.004); rate <- zero["est"] / (s$T * s$base)
  ends <- sapply(c(-1, 1), function(side) {
    f <- function(r) s$at(r)["p"] - 0.05
    far <- rate + side * 400 * zero["se"] / (s$T * s$base)
    grid <- seq(rate, far, length.out = 4001); v <- sapply(grid, f); i <- which(v < 0)[1]
    if (is.na(i)) NA else uniroot(f, sort(c(grid[i - 1], grid[i])), tol = 1e-15)$root
  })
  half <- qt(0.975, zero["df"]) * zero["se"]
  data.frame(set = set, years = s$T, base = s$base, change = zero["est"], se = zero["se"], df = zero["df"], p_value = zero["p"],
             low = zero["est"] - half, high = zero["est"] + half, rate = 1000 * rate, rate_low = 1000 * ends[1], rate_high = 1000 * ends[2], p_vs_4permille = four["p"])
}
out <- rbind(row("one", plots_of("one")), row("two", plots_of("two")), row("new", plots_of("new")), row("poor", plots_of("poor")), row("blocks", blocks_of("blocks")))
out[-1] <- lapply(out[-1], signif, digits = 13)
write.csv(out, stdout(), row.names = FALSE, quote = FALSE)

# Joined variance, Satterthwaite degrees of freedom, half-width and p value.
# Rscript tests/science/r/shared_join.R > fixtures/check_values/shared_join.csv
options(digits = 15)
cases <- data.frame(
  change   = c(1.2, -3.1, 0.4, 8.0, 2.5, 1.0),
  variance = c(0.36, 1.44, 0.09, 2.25, 4.00, 0.50),
  df       = c(9, 4, 29, 6.37, 1, 11),
  s1       = c(-56.2, -31.5, -80.1, -44.0, -50.0, 12.5),
  u1       = c(0.05, 0.03 / sqrt(3), 0.02, 0.05, 0.015, 0.08),
  df1      = c(Inf, 2, 5, Inf, 2, 11),
  s2       = c(57.9, 33.0, 82.4, 48.2, 51.0, 0.0),
  u2       = c(0.05, 0.041 / sqrt(3), 0.05, 0.022, 0.02, 0.05),
  df2      = c(Inf, 2, Inf, 3, 4, Inf)
)
out <- do.call(rbind, lapply(seq_len(nrow(cases)), function(i) {
  x <- cases[i, ]
  v <- c(x$variance, (x$s1 * x$u1)^2, (x$s2 * x$u2)^2)
  nu <- c(x$df, x$df1, x$df2)
  total <- sum(v)
  df <- total^2 / sum(v^2 / nu)
  data.frame(x, joined_variance = total, joined_df = df,
             half_width95 = qt(0.975, df) * sqrt(total),
             p_value = 2 * pt(-abs(x$change) / sqrt(total), df))
}))
cat(paste(names(out), collapse = ","), "\n", sep = "")
for (i in seq_len(nrow(out))) cat(paste(signif(unlist(out[i, ]), 15), collapse = ","), "\n", sep = "")

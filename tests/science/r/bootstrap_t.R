# Intervals of bootstrap-t, for tests/science/test_bootstrap_t.py.
# From the root of the checkout: Rscript tests/science/r/bootstrap_t.R
# Made with R 4.2.2 and boot 1.3-28.1 (boot.ci, type "stud") on Debian 12. Reads
# bootstrap_t_inputs.csv and the resamples that resamples.py wrote; writes bootstrap_t.csv.
library(boot)
folder <- "fixtures/check_values/"
inputs <- read.csv(paste0(folder, "bootstrap_t_inputs.csv"))
resamples <- read.csv(paste0(folder, "bootstrap_t_resamples.csv"),
                      colClasses = c("character", "integer", "character"))
digits <- c(0:9, letters)
out <- NULL
for (case in unique(inputs$case)) {
  mine <- inputs[inputs$case == case, ]
  y <- 0; v <- 0; t <- 0; vt <- 0
  for (term in unique(mine$term)) {
    x <- sort(mine$value[mine$term == term])
    w <- mine$weight[mine$term == term][1]
    drawn <- resamples$positions[resamples$case == case & resamples$term == term]
    at <- match(strsplit(drawn, "")[[1]], digits)
    taken <- matrix(x[at], ncol = length(x), byrow = TRUE)
    y <- y + w * mean(x)
    v <- v + w^2 * var(x) / length(x)
    t <- t + w * apply(taken, 1, mean)
    vt <- vt + w^2 * apply(taken, 1, var) / length(x)
  }
  # boot.ci wants an object of boot, for its number of resamples and of statistics only.
  shell <- boot(x, function(d, i) c(mean(d[i]), var(d[i])), R = length(t))
  ci <- boot.ci(shell, conf = 0.95, type = "stud", t0 = y, t = t, var.t0 = v, var.t = vt)
  out <- rbind(out, data.frame(
    case = case, estimate = y, se = sqrt(v), low = ci$student[4], high = ci$student[5]))
}
for (name in names(out)[-1]) out[[name]] <- signif(out[[name]], 12)
write.csv(out, paste0(folder, "bootstrap_t.csv"), row.names = FALSE, quote = FALSE)

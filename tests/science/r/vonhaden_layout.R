# Stocks from the table `layers_vonhaden` of an export, by base R alone.
#
# The equations are those of the supplement of von Haden, Yang and DeLucia 2020, Global
# Change Biology 26, 3759-3770, written again: cumulative masses of SOC and of mineral soil,
# the reference the mean over the cores of Ref_ID, SOC read there from a Hyman spline.
#
# Rscript vonhaden_layout.R layers_vonhaden.csv DEPTH_CM out.csv

given <- commandArgs(trailingOnly = TRUE)
layers <- read.csv(given[1], colClasses = c(ID = "character", Rep = "character", Ref_ID = "character"))
depth <- as.numeric(given[2])

stopifnot(
  is.numeric(layers$SOC_pct), is.numeric(layers$SOM_pct), is.numeric(layers$BD_g_cm3),
  !anyNA(layers[c("ID", "Rep", "Ref_ID", "Upper_cm", "Lower_cm", "SOC_pct", "SOM_pct", "BD_g_cm3")])
)
layers$core <- paste(layers$ID, layers$Rep, sep = "\r")
layers <- layers[order(layers$core, layers$Upper_cm), ]
soil <- (layers$Lower_cm - layers$Upper_cm) * layers$BD_g_cm3
layers$carbon <- ave(soil * layers$SOC_pct / 100, layers$core, FUN = cumsum)
layers$mineral <- ave(soil * (1 - layers$SOM_pct / 100), layers$core, FUN = cumsum)

stock_of <- function(core) {
  above <- core$Lower_cm[-nrow(core)]
  stopifnot(core$Upper_cm[1] == 0, all(core$Upper_cm[-1] == above))
  mass <- mean(layers$mineral[layers$ID == core$Ref_ID[1] & layers$Lower_cm == depth])
  curve <- spline(c(0, core$mineral), c(0, core$carbon), xout = mass, method = "hyman")
  data.frame(
    ID = core$ID[1], Rep = core$Rep[1],
    fixed_t_ha = 100 * core$carbon[core$Lower_cm == depth], esm_t_ha = 100 * curve$y
  )
}
stocks <- do.call(rbind, lapply(split(layers, layers$core), stock_of))
write.csv(format(stocks, digits = 15), given[3], row.names = FALSE)
